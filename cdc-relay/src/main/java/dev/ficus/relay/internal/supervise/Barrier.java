package dev.ficus.relay.internal.supervise;

import dev.ficus.core.Lsn;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.postgres.Streams;
import dev.ficus.postgres.TableCopies;
import dev.ficus.relay.internal.apply.StreamEnded;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Where a publisher stands before a change of a table until the stream's other half has applied all
 * that it published: so nothing that is whole in the topic and of the old shape is yet to be
 * applied when rows of the new one come.
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

  private static final Duration WATCH = Duration.ofMillis(20);

  private final RunContext run;
  private final CountDownLatch stopping;

  Barrier(RunContext run, CountDownLatch stopping) {
    this.run = run;
    this.stopping = stopping;
  }

  /**
   * Waits, and shows why when that takes long. It asks on the connection that bears the topic's
   * lease: whoever has lost that goes no further.
   *
   * @throws StreamEnded if the stream is not wanted any more, or its tables are copied anew first
   */
  @Override
  public void await(Lsn published, String next) throws SQLException, InterruptedException {
    Waiting waiting =
        new Waiting(
            run,
            "what was published up to "
                + published
                + " is not applied yet; the publisher waits for that before it goes on: "
                + next);
    while (!position().hasReached(published)) {
      waiting.show();
      if (stopping.await(WATCH.toMillis(), TimeUnit.MILLISECONDS)) {
        throw ended(" is not wanted any more");
      }
      if (!TableCopies.pending(run.leased(), run.stream().name()).isEmpty()) {
        throw ended(" copies tables anew first");
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
        .orElseThrow(() -> ended(" is not wanted any more"));
  }

  private StreamEnded ended(String why) {
    return new StreamEnded("stream " + run.stream().name() + why);
  }
}
