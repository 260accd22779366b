package dev.ficus.relay.internal.supervise;

import dev.ficus.core.FaultPoints;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.postgres.Streams;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.RelaySettings;
import dev.ficus.relay.internal.kafka.KafkaClients;
import dev.ficus.relay.internal.watch.RelayMeters;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * What all runs of one stream at one epoch work with.
 *
 * @param databases all that the relay knows, by their names
 * @param requested the stream's row as it was when its runner began
 * @param kafka where streams over Kafka find their topics; absent where this relay runs none
 * @param stopping opens when the stream is to run no more
 */
record StreamContext(
    Map<String, Database> databases,
    Database target,
    StreamRow requested,
    Optional<KafkaClients> kafka,
    RunnerConnections connections,
    RelaySettings settings,
    RelayMeters meters,
    FaultPoints faults,
    CountDownLatch stopping) {

  /** Whether a row is that of this stream at this epoch. */
  boolean isOf(StreamRow row) {
    return requested.name().equals(row.name()) && requested.epoch().equals(row.epoch());
  }

  /** The stream's row as it is now; empty where it is to run no more. */
  Optional<StreamRow> current(Connection connection) throws SQLException {
    return Streams.list(connection).stream()
        .filter(this::isOf)
        .filter(row -> isRunnable(row.state()))
        .findFirst();
  }

  static boolean isRunnable(StreamState state) {
    return switch (state) {
      case REQUESTED, COPYING, STREAMING -> true;
      case STOPPED, FAILED -> false;
    };
  }

  /** What one run works with. */
  RunContext runContext(Connection leased, StreamRow row) {
    return new RunContext(source(), target, leased, row, connections, settings, meters, faults);
  }

  private Database source() {
    Database source = databases.get(requested.source());
    if (source == null) {
      throw RelayException.stop(
          "stream "
              + requested.name()
              + " reads from database "
              + requested.source()
              + ", which this relay does not know",
          "start the relay with a manifest that names the database");
    }
    return source;
  }

  /**
   * Kafka's clients.
   *
   * @throws RelayException if this relay has been told of no brokers
   */
  KafkaClients clients() {
    return kafka.orElseThrow(
        () ->
            RelayException.stop(
                "stream "
                    + requested.name()
                    + " travels over Kafka, and this relay has been told of no brokers",
                "start the relay with a manifest that has the section kafka"));
  }

  /** Waits until it is worth looking again; returns whether the stream is still to run then. */
  boolean awaitNextLook() throws InterruptedException {
    return !stopping.await(settings.supervisionInterval().toMillis(), TimeUnit.MILLISECONDS);
  }
}
