package dev.ficus.core.manifest;

import java.time.Duration;

/**
 * The bounds that a group's evidence must meet.
 *
 * @param maxLag how far the stream may trail before dual writing starts or writes move
 * @param cleanReconciliations how many reconciliations in a row must be clean
 * @param shadowSamples how many shadow comparisons without a mismatch must be on record before
 *     reads move
 * @param soak how long retired tables must stay unused
 */
public record Gates(Duration maxLag, int cleanReconciliations, long shadowSamples, Duration soak) {

  /** What holds where the manifest is silent. */
  public static final Gates DEFAULT =
      new Gates(Duration.ofSeconds(2), 3, 10_000, Duration.ofDays(14));
}
