package dev.ficus.demo.traffic;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** Counts the customers' requests. */
public final class Meter {

  private static final int EXAMPLES = 20;

  private long requests;
  private long failed;
  private long staleReads;
  private long sequenceCollisions;
  private long skipped;
  private Duration slowest = Duration.ZERO;
  private Duration slowestWrite = Duration.ZERO;
  private Duration running = Duration.ZERO;
  private OptionalLong startedAt = OptionalLong.empty();
  private final List<String> failures = new ArrayList<>();

  /**
   * The counts at one moment.
   *
   * @param requests sent and answered, or given up
   * @param failed of these, those that a customer would complain about
   * @param staleReads reads that did not show the reader's own last acknowledged write
   * @param sequenceCollisions answers that a generated key was handed out twice
   * @param skipped ticks at which every customer was still waiting for an answer
   * @param slowest the longest wait for an answer
   * @param slowestWrite the longest wait for the answer to a write
   * @param running how long the customers have been at it
   * @param failures the first few failures
   */
  public record Reading(
      long requests,
      long failed,
      long staleReads,
      long sequenceCollisions,
      long skipped,
      Duration slowest,
      Duration slowestWrite,
      Duration running,
      List<String> failures) {

    /** Requests a second, on average; zero before the first. */
    public double rate() {
      return running.isZero() ? 0 : requests * 1e9 / running.toNanos();
    }
  }

  /** The counts now. */
  public synchronized Reading read() {
    return new Reading(
        requests,
        failed,
        staleReads,
        sequenceCollisions,
        skipped,
        slowest,
        slowestWrite,
        running(),
        List.copyOf(failures));
  }

  synchronized void started() {
    startedAt = OptionalLong.of(System.nanoTime());
  }

  synchronized void ended() {
    running = running();
    startedAt = OptionalLong.empty();
  }

  private Duration running() {
    return startedAt.isPresent()
        ? Duration.ofNanos(System.nanoTime() - startedAt.getAsLong())
        : running;
  }

  synchronized void answered(Duration took, boolean write) {
    requests++;
    slowest = longer(slowest, took);
    slowestWrite = write ? longer(slowestWrite, took) : slowestWrite;
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  synchronized void failed(String operation, String why) {
    failed++;
    if (failures.size() < EXAMPLES) {
      failures.add(operation + ": " + why);
    }
  }

  synchronized void staleRead() {
    staleReads++;
  }

  synchronized void collided() {
    sequenceCollisions++;
  }

  synchronized void skipped() {
    skipped++;
  }
}
