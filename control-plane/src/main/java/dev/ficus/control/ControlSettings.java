package dev.ficus.control;

import java.time.Duration;

/**
 * How long the control plane waits for what.
 *
 * @param flipBudget how long writes may be kept out while they move; a flip that takes longer is
 *     given up and the old side reopened
 * @param lockTimeout how long one attempt may wait for a lock that writers queue behind
 * @param lockPatience how long such attempts are repeated
 * @param streamPatience how long a running stream is waited for, and how long a relay for one
 * @param copyPatience how long a backfill is waited for
 * @param acknowledgePatience how long running instances are waited for; longer than the ten seconds
 *     after which a silent instance no longer counts as running
 * @param longTransaction from which age on a transaction counts as long before a flip
 */
public record ControlSettings(
    Duration flipBudget,
    Duration lockTimeout,
    Duration lockPatience,
    Duration streamPatience,
    Duration copyPatience,
    Duration acknowledgePatience,
    Duration longTransaction) {

  /** What holds unless something else is asked for. */
  public static final ControlSettings DEFAULT =
      new ControlSettings(
          Duration.ofSeconds(5),
          Duration.ofMillis(500),
          Duration.ofSeconds(30),
          Duration.ofSeconds(60),
          Duration.ofDays(7),
          Duration.ofSeconds(20),
          Duration.ofSeconds(2));

  /** The same with another patience for streams. */
  public ControlSettings withStreamPatience(Duration patience) {
    return new ControlSettings(
        flipBudget,
        lockTimeout,
        lockPatience,
        patience,
        copyPatience,
        acknowledgePatience,
        longTransaction);
  }

  /** The same with another flip budget. */
  public ControlSettings withFlipBudget(Duration budget) {
    return new ControlSettings(
        budget,
        lockTimeout,
        lockPatience,
        streamPatience,
        copyPatience,
        acknowledgePatience,
        longTransaction);
  }
}
