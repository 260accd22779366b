package dev.ficus.core.manifest;

import java.util.Optional;
import java.util.stream.Stream;

/**
 * How much WAL a stream's slot may hold back in its source, in bytes; what is absent is not done.
 *
 * @param warn from here on operators are warned
 * @param throttle from here on a copy is asked to pause
 * @param drop from here on the slot is dropped and the stream fails, so that the source's disk does
 *     not fill
 */
public record WalBudget(Optional<Long> warn, Optional<Long> throttle, Optional<Long> drop) {

  /** No bounds: nothing is warned of, paused or dropped. */
  public static final WalBudget NONE =
      new WalBudget(Optional.empty(), Optional.empty(), Optional.empty());

  public WalBudget {
    long before = 0;
    for (long bound : Stream.of(warn, throttle, drop).flatMap(Optional::stream).toList()) {
      if (bound <= before) {
        throw new IllegalArgumentException(
            "a WAL budget rises from warn over throttle to drop, each more than 0 bytes");
      }
      before = bound;
    }
  }

  /** Whether so many bytes reach a bound. */
  public static boolean reached(Optional<Long> bound, long bytes) {
    return bound.isPresent() && bytes >= bound.get();
  }
}
