package dev.ficus.dualwriter;

import dev.ficus.core.Side;
import org.jspecify.annotations.Nullable;

/**
 * What a declared write does, on the side that it is told; it may be called again after its
 * transaction was rolled back.
 */
@FunctionalInterface
public interface WriteBody<T> {

  /** Runs the whole write on one side. */
  @Nullable T on(Side side) throws Throwable;
}
