package dev.ficus.readrouter;

import java.time.Duration;

/**
 * Bounds of routed reads and of their comparison.
 *
 * @param readYourWrites how long a read waits for this process's last write of its key to reach the
 *     service database
 * @param staleness how far behind the service database may be
 * @param rememberedKeys keys whose last write is remembered one by one; those pushed out are
 *     remembered together
 * @param shadowThreads comparisons at a time
 * @param shadowQueue samples that may wait
 * @param shadowAttempts how often a difference is looked at while the rows keep changing
 * @param catchUp how long one look waits for the stream
 */
public record ReadRouterSettings(
    Duration readYourWrites,
    Duration staleness,
    int rememberedKeys,
    int shadowThreads,
    int shadowQueue,
    int shadowAttempts,
    Duration catchUp) {

  /** 50 ms, 5 s, 10,000 keys; one thread, 100 samples, 5 looks of 10 s. */
  public static final ReadRouterSettings DEFAULT =
      new ReadRouterSettings(
          Duration.ofMillis(50), Duration.ofSeconds(5), 10_000, 1, 100, 5, Duration.ofSeconds(10));

  public ReadRouterSettings {
    if (readYourWrites.isNegative() || staleness.toMillis() < 1 || catchUp.isNegative()) {
      throw new IllegalArgumentException(
          "readYourWrites and catchUp must not be negative and staleness at least 1 ms: "
              + readYourWrites
              + ", "
              + catchUp
              + ", "
              + staleness);
    }
    if (rememberedKeys < 1 || shadowThreads < 1 || shadowQueue < 1 || shadowAttempts < 1) {
      throw new IllegalArgumentException(
          "rememberedKeys, shadowThreads, shadowQueue and shadowAttempts must be at least 1");
    }
  }
}
