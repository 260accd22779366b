package dev.ficus.readrouter;

import dev.ficus.core.Side;
import org.jspecify.annotations.Nullable;

/** What a declared read does, on the side that it is told; it may be called more than once. */
@FunctionalInterface
public interface ReadBody<T> {

  /** Runs the whole read on one side, in a read-only transaction of its own. */
  @Nullable T on(Side side) throws Throwable;
}
