package dev.ficus.dualwriter;

import dev.ficus.core.GroupName;
import dev.ficus.postgres.ConnectionSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Collections;

/**
 * Runs {@code ficus.dual_write} for all tables of one transaction, in one transaction.
 *
 * <p>It travels as one request, its commit included, for the sake of the stream:
 *
 * <ol>
 *   <li>a dual write holds the guards of its rows until it ends, and the relay waits for them;
 *   <li>its client stands still between the write and the commit: a long pause, a frozen host, a
 *       network that is cut;
 *   <li>the whole stream stands still with it, until TCP gives the connection up.
 * </ol>
 *
 * Nothing that the client does comes between the first guard and the commit any more.
 */
final class GuardedWrite {

  /**
   * A dual write yields to the relay well before the server would look for a deadlock (a second):
   * the relay may hold guard rows in another order, and must never be the one that is failed or
   * delayed.
   */
  private static final Duration LOCK_TIMEOUT = Duration.ofMillis(100);

  /** What the server's answer may take beyond the time that the server itself is given. */
  private static final Duration ANSWER = Duration.ofSeconds(1);

  /**
   * The isolation is named whatever the role, the database or the URL say: {@code ficus.dual_write}
   * takes no other. Without array_nulls the absence of an image would read as the word NULL.
   */
  private static final String BEGIN =
      """
      start transaction isolation level read committed;
      select set_config('lock_timeout', ?, true), set_config('statement_timeout', ?, true), set_config('array_nulls', 'on', true);
      select\s""";

  private static final String CALL =
      "ficus.dual_write(?, ?, ?, ?, ?::pg_lsn, ?::text[], ?::text[])";

  private GuardedWrite() {}

  static void run(ConnectionSource service, GroupName group, DualWrite write, Duration timeout)
      throws SQLException {
    try (Connection connection = service.open()) {
      int before = connection.getNetworkTimeout();
      // A server that stands still must not keep this thread.
      connection.setNetworkTimeout(
          Runnable::run, (int) Math.min(Integer.MAX_VALUE, timeout.plus(ANSWER).toMillis()));
      try {
        send(connection, group, write, timeout);
      } finally {
        if (!connection.isClosed()) {
          connection.setNetworkTimeout(Runnable::run, before);
        }
      }
    }
  }

  private static void send(
      Connection connection, GroupName group, DualWrite write, Duration timeout)
      throws SQLException {
    // One statement calls for all tables: it begins once the server has the last of the images.
    String calls = String.join(", ", Collections.nCopies(write.tables().size(), CALL));
    try (PreparedStatement request = connection.prepareStatement(BEGIN + calls + "; commit")) {
      int next = 1;
      request.setString(
          next++, Long.toString(Math.min(LOCK_TIMEOUT.toMillis(), timeout.toMillis())));
      request.setString(next++, Long.toString(timeout.toMillis()));
      for (RowImages table : write.tables()) {
        request.setString(next++, group.value());
        request.setLong(next++, write.epoch().value());
        request.setString(next++, table.target().schema());
        request.setString(next++, table.target().name());
        request.setString(next++, write.guard().lsn().toString());
        request.setArray(next++, connection.createArrayOf("text", table.keys().toArray()));
        request.setArray(next++, connection.createArrayOf("text", table.images().toArray()));
      }
      request.execute();
    } catch (SQLException e) {
      rollBack(connection, e);
      throw e;
    }
  }

  /** What failed holds no lock any more, but the session may still be in its transaction. */
  private static void rollBack(Connection connection, SQLException cause) {
    try (Statement statement = connection.createStatement()) {
      statement.execute("rollback");
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }
}
