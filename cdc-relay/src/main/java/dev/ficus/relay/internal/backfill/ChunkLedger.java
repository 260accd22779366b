package dev.ficus.relay.internal.backfill;

import dev.ficus.core.Lsn;
import dev.ficus.postgres.StreamName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * One row a copied chunk, in the same commit as its rows.
 *
 * <p>The race it closes:
 *
 * <ol>
 *   <li>a worker sends the commit of a chunk, and its connection breaks before the answer;
 *   <li>nobody but the server knows whether it committed, or still will;
 *   <li>the worker connects again and claims the chunk: the ledger's primary key makes it wait for
 *       the old transaction; if that committed, nothing is claimed and the chunk is left alone, and
 *       otherwise it is copied again.
 * </ol>
 */
final class ChunkLedger {

  private final StreamName stream;
  private final Lsn consistentPoint;

  ChunkLedger(StreamName stream, Lsn consistentPoint) {
    this.stream = stream;
    this.consistentPoint = consistentPoint;
  }

  /** Forgets the chunks of all copies of this stream. */
  void clear(Connection target) throws SQLException {
    try (PreparedStatement delete =
        target.prepareStatement("delete from ficus.chunk where stream = ?")) {
      delete.setString(1, stream.value());
      delete.executeUpdate();
    }
  }

  /** Returns whether the chunk is still to be copied; the first statement of its transaction. */
  boolean claim(Connection target, Chunk chunk) throws SQLException {
    try (PreparedStatement insert =
        target.prepareStatement(
            """
            insert into ficus.chunk (stream, consistent_point, source_schema, source_table, number)
            values (?, ?::pg_lsn, ?, ?, ?) on conflict do nothing
            """)) {
      identify(insert, 1, chunk);
      return insert.executeUpdate() == 1;
    }
  }

  void copied(Connection target, Chunk chunk, long rows) throws SQLException {
    try (PreparedStatement update =
        target.prepareStatement(
            """
            update ficus.chunk set row_count = ?, copied_at = clock_timestamp()
            where stream = ? and consistent_point = ?::pg_lsn and source_schema = ? and source_table = ? and number = ?
            """)) {
      update.setLong(1, rows);
      identify(update, 2, chunk);
      update.executeUpdate();
    }
  }

  /** How many rows a chunk has that was committed. */
  long rows(Connection target, Chunk chunk) throws SQLException {
    try (PreparedStatement select =
        target.prepareStatement(
            """
            select row_count from ficus.chunk
            where stream = ? and consistent_point = ?::pg_lsn and source_schema = ? and source_table = ? and number = ?
            """)) {
      identify(select, 1, chunk);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }

  private void identify(PreparedStatement statement, int first, Chunk chunk) throws SQLException {
    statement.setString(first, stream.value());
    statement.setString(first + 1, consistentPoint.toString());
    statement.setString(first + 2, chunk.source().schema());
    statement.setString(first + 3, chunk.source().name());
    statement.setInt(first + 4, chunk.number());
  }
}
