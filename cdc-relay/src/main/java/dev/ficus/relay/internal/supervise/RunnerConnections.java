package dev.ficus.relay.internal.supervise;

import dev.ficus.postgres.Database;
import dev.ficus.postgres.StreamRow;
import dev.ficus.relay.internal.backfill.Backfill;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections that a runner waits on; aborting them is the only way to end a COPY, the creation
 * of a slot or a statement that waits for a lock.
 */
final class RunnerConnections implements Backfill.Connections {

  private static final Logger log = LoggerFactory.getLogger(RunnerConnections.class);

  private final StreamRow stream;
  private final List<Connection> open = new ArrayList<>();
  private boolean aborted;

  RunnerConnections(StreamRow stream) {
    this.stream = stream;
  }

  @Override
  public Connection open(Database database) {
    return remember(database.connect("relay " + stream.name()));
  }

  @Override
  public Connection openForReplication(Database database) {
    return remember(database.connectForReplication("relay " + stream.name()));
  }

  private synchronized Connection remember(Connection connection) {
    open.removeIf(RunnerConnections::isClosed);
    open.add(connection);
    if (aborted) {
      abort(connection);
    }
    return connection;
  }

  /** Breaks them all, and those that are opened later. */
  synchronized void abort() {
    aborted = true;
    open.forEach(RunnerConnections::abort);
  }

  private static boolean isClosed(Connection connection) {
    try {
      return connection.isClosed();
    } catch (SQLException e) {
      return true;
    }
  }

  private static void abort(Connection connection) {
    try {
      connection.abort(Runnable::run);
    } catch (SQLException e) {
      log.warn("a connection could not be aborted; it ends with the relay", e);
    }
  }
}
