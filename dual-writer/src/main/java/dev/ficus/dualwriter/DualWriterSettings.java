package dev.ficus.dualwriter;

import java.time.Duration;

/**
 * Bounds of the dual writes; what passes them is left to the stream (rule R1).
 *
 * @param threads dual writes at a time
 * @param queue dual writes that may wait for a thread
 * @param patience how long a committed transaction waits for its dual write
 * @param timeout how long one dual write may take
 */
public record DualWriterSettings(int threads, int queue, Duration patience, Duration timeout) {

  /** Two threads, a queue of 200, 20 ms of patience, one second for a dual write. */
  public static final DualWriterSettings DEFAULT =
      new DualWriterSettings(2, 200, Duration.ofMillis(20), Duration.ofSeconds(1));

  public DualWriterSettings {
    if (threads < 1 || queue < 1) {
      throw new IllegalArgumentException(
          "threads and queue must be at least 1: " + threads + ", " + queue);
    }
    if (patience.isNegative() || timeout.toMillis() < 1) {
      throw new IllegalArgumentException(
          "patience must not be negative and timeout at least 1 ms: " + patience + ", " + timeout);
    }
  }
}
