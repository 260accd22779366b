package dev.ficus.relay.internal.backfill;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/**
 * Shows how far the copy is, on a connection of its own: the copy's own transaction is not visible
 * before it commits, and must not hold the stream's row, which the control plane may want to stop.
 */
final class Progress {

  private static final Duration INTERVAL = Duration.ofMillis(250);

  private final Connection connection;
  private final CopyRow row;
  private long rows;
  private long shownAt = System.nanoTime();

  Progress(Connection connection, CopyRow row) {
    this.connection = connection;
    this.row = row;
  }

  void add(long more) {
    rows += more;
    if (System.nanoTime() - shownAt < INTERVAL.toNanos()) {
      return;
    }
    shownAt = System.nanoTime();
    try {
      row.copied(connection, rows);
    } catch (SQLException e) {
      throw dev.ficus.postgres.PostgresException.sql("showing the progress of a copy", e);
    }
  }

  long rows() {
    return rows;
  }
}
