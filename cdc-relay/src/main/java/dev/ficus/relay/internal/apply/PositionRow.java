package dev.ficus.relay.internal.apply;

import dev.ficus.core.Lsn;
import dev.ficus.postgres.StreamRow;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.ZoneOffset;

/**
 * The stream's row as the applier moves it, in the transaction that applies (rule R3).
 *
 * <p>It is the first statement of that transaction, so that the row is locked from then on:
 *
 * <ol>
 *   <li>the control plane stops the stream, or switches its guards, by updating the row;
 *   <li>an apply that holds the row commits before that, and the next one sees what it says;
 *   <li>an apply that comes later, from whatever old process, finds no row to move and writes
 *       nothing.
 * </ol>
 */
final class PositionRow {

  private final Connection target;
  private final StreamRow stream;

  PositionRow(Connection target, StreamRow stream) {
    this.target = target;
    this.stream = stream;
  }

  /**
   * Moves the position over a batch.
   *
   * @param from where it stands
   * @return whether rows are to be written through their guards
   * @throws StreamEnded if the row no longer allows this relay to apply
   */
  boolean move(Lsn from, Batch batch) throws SQLException {
    try (PreparedStatement update =
        target.prepareStatement(
            """
            update ficus.stream
            set position = ?::pg_lsn, position_at = clock_timestamp(), transactions = transactions + ?, changes = changes + ?,
              lag_millis = greatest(0, extract(epoch from clock_timestamp() - ?) * 1000)::bigint
            where name = ? and epoch = ? and state = 'STREAMING' and position = ?::pg_lsn
            returning guarded
            """)) {
      Lsn end = batch.end();
      update.setString(1, end.toString());
      update.setLong(2, batch.transactions());
      update.setLong(3, batch.changes());
      update.setObject(4, batch.committedAt().atOffset(ZoneOffset.UTC));
      update.setString(5, stream.name().value());
      update.setLong(6, stream.epoch().value());
      update.setString(7, from.toString());
      try (ResultSet row = update.executeQuery()) {
        if (!row.next()) {
          throw new StreamEnded(
              "stream " + stream.name() + " may not apply up to " + end + " any more");
        }
        return row.getBoolean(1);
      }
    }
  }
}
