package dev.ficus.relay.internal.backfill;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * The session limits that an operator sets for applications and that would end a copy: it holds one
 * transaction open for as long as it takes.
 */
final class Timeouts {

  private static final String INVALID_PARAMETER_VALUE = "22023";

  private Timeouts() {}

  /** Lifts them for this session. */
  static void lift(Connection connection) throws SQLException {
    List<String> names = new ArrayList<>();
    try (Statement statement = connection.createStatement()) {
      try (ResultSet row =
          statement.executeQuery(
              """
              select name from pg_catalog.pg_settings
              where name in ('statement_timeout', 'idle_session_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')
              """)) {
        while (row.next()) {
          names.add(row.getString(1));
        }
      }
      for (String name : names) {
        statement.execute("set " + name + " = 0");
      }
    }
  }

  /**
   * Lets the server notice within a second that this client is gone: an index that nobody waits for
   * would be built to its end otherwise, holding its lock. Servers on systems that cannot tell
   * refuse the setting, and are left alone.
   */
  static void endWithClient(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("set client_connection_check_interval = '1s'");
    } catch (SQLException e) {
      if (!INVALID_PARAMETER_VALUE.equals(e.getSQLState())) {
        throw e;
      }
    }
  }
}
