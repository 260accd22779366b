package dev.ficus.dualwriter;

import dev.ficus.core.GroupName;
import dev.ficus.postgres.ConnectionSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;

/** Runs {@code ficus.dual_write} for all tables of one transaction, in one transaction. */
final class GuardedWrite {

  /**
   * A dual write yields to the relay well before the server would look for a deadlock (a second):
   * the relay may hold guard rows in another order, and must never be the one that is failed or
   * delayed.
   */
  private static final Duration LOCK_TIMEOUT = Duration.ofMillis(100);

  private GuardedWrite() {}

  static void run(ConnectionSource service, GroupName group, DualWrite write, Duration timeout)
      throws SQLException {
    try (Connection connection = service.open()) {
      connection.setAutoCommit(false);
      // Whatever the role, the database or the URL say: ficus.dual_write takes no other.
      connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
      try {
        write(connection, group, write, timeout);
        connection.commit();
      } catch (SQLException e) {
        rollBack(connection, e);
        throw e;
      }
    }
  }

  private static void write(
      Connection connection, GroupName group, DualWrite write, Duration timeout)
      throws SQLException {
    try (PreparedStatement bounds =
        connection.prepareStatement(
            // Without array_nulls the absence of an image would read as the word NULL.
            "select set_config('lock_timeout', ?, true), set_config('statement_timeout', ?, true), set_config('array_nulls', 'on', true)")) {
      bounds.setString(1, Long.toString(Math.min(LOCK_TIMEOUT.toMillis(), timeout.toMillis())));
      bounds.setString(2, Long.toString(timeout.toMillis()));
      bounds.execute();
    }
    try (PreparedStatement call =
        connection.prepareStatement(
            "select ficus.dual_write(?, ?, ?, ?, ?::pg_lsn, ?::text[], ?::text[])")) {
      for (RowImages table : write.tables()) {
        call.setString(1, group.value());
        call.setLong(2, write.epoch().value());
        call.setString(3, table.target().schema());
        call.setString(4, table.target().name());
        call.setString(5, write.guard().lsn().toString());
        call.setArray(6, connection.createArrayOf("text", table.keys().toArray()));
        call.setArray(7, connection.createArrayOf("text", table.images().toArray()));
        call.execute();
      }
    }
  }

  private static void rollBack(Connection connection, SQLException cause) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }
}
