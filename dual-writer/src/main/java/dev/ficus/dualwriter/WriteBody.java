package dev.ficus.dualwriter;

import dev.ficus.core.Side;

/**
 * What a declared write does, on the side that it is told; it may be called again after its
 * transaction was rolled back.
 */
@FunctionalInterface
public interface WriteBody<T extends @org.jspecify.annotations.Nullable Object> {

  /** Runs the whole write on one side. */
  T on(Side side) throws Throwable;
}
