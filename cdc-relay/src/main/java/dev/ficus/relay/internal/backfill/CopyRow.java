package dev.ficus.relay.internal.backfill;

import dev.ficus.core.Lsn;
import dev.ficus.postgres.ServerIdentity;
import dev.ficus.postgres.StreamRow;
import dev.ficus.relay.internal.apply.StreamEnded;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * The stream's row as the backfill moves it; every update requires that the row still asks for this
 * very copy, so that a stopped stream's copy cannot commit.
 */
class CopyRow {

  final StreamRow stream;

  CopyRow(StreamRow stream) {
    this.stream = stream;
  }

  void begin(Connection connection) throws SQLException {
    update(
        connection,
        """
        state = 'COPYING', source_system = null, source_timeline = null, position = '0/0', position_at = null,
        rows_copied = 0, rows_estimated = null
        """,
        "'REQUESTED', 'COPYING'");
  }

  void snapshotTaken(
      Connection connection, ServerIdentity identity, Lsn consistentPoint, long rowsEstimated)
      throws SQLException {
    update(
        connection,
        "source_system = ?, source_timeline = ?, position = ?::pg_lsn, rows_estimated = ?",
        "'COPYING'",
        identity.system(),
        identity.timeline(),
        consistentPoint.toString(),
        rowsEstimated);
  }

  /**
   * Requires that the copy which began at this consistent point may still commit, and lets nobody
   * change that before the connection's transaction ends.
   *
   * <p>The race it closes: a relay hangs, another one begins the copy again, a worker of the first
   * wakes and commits rows of the older snapshot into the new copy. Beginning again moves the
   * position first and empties the tables afterwards: what committed before is emptied, and what
   * comes later finds another position here.
   */
  void hold(Connection connection, Lsn consistentPoint) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select 1 from ficus.stream
            where name = ? and epoch = ? and state = 'COPYING' and position = ?::pg_lsn for share
            """)) {
      select.setString(1, stream.name().value());
      select.setLong(2, stream.epoch().value());
      select.setString(3, consistentPoint.toString());
      try (ResultSet row = select.executeQuery()) {
        if (!row.next()) {
          throw new StreamEnded(
              "the copy of stream " + stream.name() + " from " + consistentPoint + " has ended");
        }
      }
    }
  }

  void copied(Connection connection, long rowsInAll) throws SQLException {
    update(connection, "rows_copied = ?", "'COPYING'", rowsInAll);
  }

  void streaming(Connection connection, long rowsInAll) throws SQLException {
    update(
        connection,
        "state = 'STREAMING', rows_copied = ?, position_at = clock_timestamp()",
        "'COPYING'",
        rowsInAll);
  }

  /** Goes on as a stream whose unfinished tables are copied anew. */
  void resume(Connection connection) throws SQLException {
    update(connection, "state = 'STREAMING', position_at = clock_timestamp()", "'COPYING'");
  }

  private void update(
      Connection connection, String assignments, String states, Object... parameters)
      throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement(
            "update ficus.stream set "
                + assignments
                + ", changed_at = clock_timestamp() where name = ? and epoch = ? and state in ("
                + states
                + ")")) {
      int index = 1;
      for (Object parameter : parameters) {
        update.setObject(index++, parameter);
      }
      update.setString(index++, stream.name().value());
      update.setLong(index, stream.epoch().value());
      if (update.executeUpdate() != 1) {
        throw ended();
      }
    }
  }

  StreamEnded ended() {
    return new StreamEnded("stream " + stream.name() + " may not copy any more");
  }
}
