package dev.ficus.relay.internal.supervise;

import dev.ficus.core.Lsn;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.postgres.Streams;
import dev.ficus.relay.internal.apply.StreamEnded;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Where a publisher stands before a change of a table until all that it has published is applied:
 * so a topic never holds rows of two shapes of which any is yet to be applied.
 *
 * <p>Why the change does not travel through the topic:
 *
 * <ol>
 *   <li>whoever reads the topic decodes ahead of what is applied, and from several partitions;
 *   <li>a change that needs a person is decided about with the target as it is then: with rows of
 *       the old shape still on their way, no answer would be right.
 * </ol>
 */
final class Barrier implements Applied {

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration WATCH = Duration.ofMillis(20);

  private final RunContext run;
  private final CountDownLatch stopping;

  Barrier(RunContext run, CountDownLatch stopping) {
    this.run = run;
    this.stopping = stopping;
  }

  /**
   * Waits for the stream's other half.
   *
   * @throws NotAppliedYet if that takes long: it is tried again, and shown meanwhile
   * @throws StreamEnded if the stream is not wanted any more
   */
  @Override
  public void await(Lsn published, String next) throws SQLException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!position().hasReached(published)) {
      if (System.nanoTime() > deadline) {
        throw new NotAppliedYet(published, next);
      }
      if (stopping.await(WATCH.toMillis(), TimeUnit.MILLISECONDS)) {
        throw notWanted();
      }
    }
  }

  private Lsn position() throws SQLException {
    return Streams.list(run.leased()).stream()
        .filter(row -> row.name().equals(run.stream().name()))
        .filter(row -> row.epoch().equals(run.stream().epoch()))
        .filter(row -> row.state() == StreamState.STREAMING)
        .findFirst()
        .map(StreamRow::position)
        .orElseThrow(this::notWanted);
  }

  private StreamEnded notWanted() {
    return new StreamEnded("stream " + run.stream().name() + " is not wanted any more");
  }
}
