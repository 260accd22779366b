package dev.ficus.demo.traffic;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * The customers' own record of what they asked and what was acknowledged: a file that only grows,
 * and the same in memory.
 *
 * <p>A subject is written by one customer at a time, who waits for the answer. A subject with a
 * request of unknown outcome is left alone from then on, since that request may still arrive.
 */
public final class Ledger implements AutoCloseable {

  private final Map<Subject, Expectation> expectations = new HashMap<>();
  private final Map<Subject, Instant> changedSince = new HashMap<>();
  private final BufferedWriter file;
  private final Clock clock;
  private long asked;
  private long acknowledged;
  private long unknown;
  private OptionalLong lastAcknowledged = OptionalLong.empty();
  private Duration longestGap = Duration.ZERO;

  /**
   * @param path the file, which must not exist yet
   */
  public Ledger(Path path, Clock clock) {
    this.clock = clock;
    try {
      this.file =
          Files.newBufferedWriter(path, StandardCharsets.UTF_8, StandardOpenOption.CREATE_NEW);
    } catch (IOException e) {
      throw new UncheckedIOException("opening the record of acknowledged writes failed", e);
    }
  }

  /**
   * One write request on its way.
   *
   * @param number counts the record's requests
   * @param at when it was asked
   * @param operation such as {@code place}
   * @param states what each subject's state will be if it is acknowledged
   */
  public record Ask(long number, Instant at, String operation, Map<Subject, String> states) {
    public Ask {
      states = Map.copyOf(states);
    }
  }

  /** Notes a write before it is sent. */
  public synchronized Ask ask(String operation, Map<Subject, String> states) {
    Ask ask = new Ask(++asked, clock.instant(), operation, states);
    write(ask, "asked", states);
    return ask;
  }

  /**
   * Notes that a write was acknowledged.
   *
   * @param learned states that only the answer told, such as an order's total
   */
  public synchronized void acknowledge(Ask ask, Map<Subject, String> learned) {
    acknowledged++;
    long now = System.nanoTime();
    Duration gap = Duration.ofNanos(now - lastAcknowledged.orElse(now));
    longestGap = gap.compareTo(longestGap) > 0 ? gap : longestGap;
    lastAcknowledged = OptionalLong.of(now);
    ask.states().forEach(this::acknowledge);
    ask.states().keySet().forEach(subject -> changedSince.put(subject, ask.at()));
    learned.forEach(this::acknowledge);
    write(ask, "acknowledged", learned);
  }

  /**
   * Notes that a write was refused.
   *
   * @param traces states that the refusal may rightly leave, such as a released reservation
   */
  public synchronized void refuse(Ask ask, Map<Subject, String> traces) {
    traces.forEach(this::mayBe);
    write(ask, "refused", traces);
  }

  /**
   * Notes that nobody knows whether a write was done.
   *
   * @param traces states besides the asked ones that it may have left
   */
  public synchronized void leaveUnknown(Ask ask, Map<Subject, String> traces) {
    unknown++;
    ask.states().forEach(this::mayBe);
    traces.forEach(this::mayBe);
    write(ask, "unknown", traces);
  }

  /** What is expected of each subject ever asked for. */
  public synchronized Map<Subject, Expectation> expectations() {
    return Map.copyOf(expectations);
  }

  /**
   * When the last acknowledged write of a subject was asked for: a row that says that it was last
   * changed before is an older one.
   */
  public synchronized Map<Subject, Instant> changedSince() {
    return Map.copyOf(changedSince);
  }

  /** How many writes were acknowledged. */
  public synchronized long acknowledgedWrites() {
    return acknowledged;
  }

  /** The longest time between two acknowledged writes, of whatever customers. */
  public synchronized Duration longestGap() {
    return longestGap;
  }

  /** How many writes have an unknown outcome. */
  public synchronized long unknownWrites() {
    return unknown;
  }

  private void acknowledge(Subject subject, String state) {
    expectations.merge(
        subject, Expectation.NONE.acknowledge(state), (before, first) -> before.acknowledge(state));
  }

  private void mayBe(Subject subject, String state) {
    expectations.merge(
        subject, Expectation.NONE.mayBe(state), (before, first) -> before.mayBe(state));
  }

  private void write(Ask ask, String outcome, Map<Subject, String> states) {
    try {
      file.write(
          clock.instant()
              + "\t"
              + ask.number()
              + "\t"
              + ask.operation()
              + "\t"
              + outcome
              + "\t"
              + states);
      file.newLine();
      // Each line leaves the process at once: an acknowledged write is on record whatever follows.
      file.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("writing the record of acknowledged writes failed", e);
    }
  }

  @Override
  public synchronized void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw new UncheckedIOException("closing the record of acknowledged writes failed", e);
    }
  }
}
