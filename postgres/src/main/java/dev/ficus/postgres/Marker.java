package dev.ficus.postgres;

import dev.ficus.core.Lsn;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * A message written into a WAL; a stream that has applied past it has applied all before it (rule
 * R8).
 *
 * <p>It is transactional, since only a commit flushes the WAL at once: a walsender sends no more
 * than what is flushed.
 */
public final class Marker {

  /** The prefix of Ficus's messages. */
  public static final String PREFIX = "ficus";

  /** The statement that writes one. */
  public static final String SQL =
      "select pg_logical_emit_message(true, '" + PREFIX + "', 'marker')::text";

  private Marker() {}

  /**
   * Writes a marker and commits it.
   *
   * @return an LSN that a stream's position reaches only once every transaction committed before
   *     this call is applied
   */
  public static Lsn write(Database database) {
    try (Connection connection = database.connect("marker")) {
      return write(connection);
    } catch (SQLException e) {
      throw PostgresException.sql("writing a marker into " + database, e);
    }
  }

  /** Writes a marker on a connection that is in auto-commit mode. */
  public static Lsn write(Connection connection) throws SQLException {
    if (!connection.getAutoCommit()) {
      throw new IllegalArgumentException(
          "a marker needs a connection in auto-commit mode: its commit flushes the WAL");
    }
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(SQL)) {
      row.next();
      return Lsn.parse(row.getString(1));
    }
  }
}
