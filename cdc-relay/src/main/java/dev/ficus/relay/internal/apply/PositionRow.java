package dev.ficus.relay.internal.apply;

import dev.ficus.core.Lsn;
import dev.ficus.postgres.StreamRow;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
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
  private final DurablePosition durable;

  /**
   * Flushes the position that it finds, then has the session commit without waiting for the
   * target's disk; see {@link DurablePosition}.
   *
   * <p>A target with synchronous standbys is waited for all the same: its flush LSN says nothing of
   * them, and a standby that took over without what the slot had let go of would be lost to the
   * stream.
   */
  PositionRow(Connection target, StreamRow stream) throws SQLException {
    this.target = target;
    this.stream = stream;
    try (PreparedStatement flush =
            target.prepareStatement("update ficus.stream set position = position where name = ?");
        Statement session = target.createStatement()) {
      // An earlier relay may have left it committed but not flushed.
      flush.setString(1, stream.name().value());
      flush.executeUpdate();
      target.commit();
      session.execute(
          """
          select set_config('synchronous_commit', 'off', false)
          where current_setting('synchronous_standby_names') = ''
          """);
      target.commit();
    }
    this.durable = new DurablePosition(stream.position());
  }

  /** The newest position that is flushed. */
  Lsn flushed() {
    return durable.flushed();
  }

  /**
   * Locks the row before its position can be known, for a transaction that is written in pieces.
   *
   * @param from where it stands
   * @return whether rows are to be written through their guards
   * @throws StreamEnded if the row no longer allows this relay to apply
   */
  boolean lock(Lsn from) throws SQLException {
    try (PreparedStatement select =
        target.prepareStatement(
            """
            select guarded from ficus.stream
            where name = ? and epoch = ? and state = 'STREAMING' and position = ?::pg_lsn for update
            """)) {
      select.setString(1, stream.name().value());
      select.setLong(2, stream.epoch().value());
      select.setString(3, from.toString());
      try (ResultSet row = allowed(select, "after " + from)) {
        return row.getBoolean(1);
      }
    }
  }

  /**
   * Moves the position.
   *
   * @param companion what moves with it
   * @return whether rows are to be written through their guards
   * @throws StreamEnded if the row no longer allows this relay to apply
   */
  boolean move(Advance advance, Companion.Move companion) throws SQLException {
    try (PreparedStatement update =
        target.prepareStatement(
            """
            update ficus.stream
            set position = ?::pg_lsn, position_at = clock_timestamp(), transactions = transactions + ?, changes = changes + ?,
              lag_millis = greatest(0, extract(epoch from clock_timestamp() - ?) * 1000)::bigint
            where name = ? and epoch = ? and state = 'STREAMING' and position = ?::pg_lsn
            returning guarded, pg_current_wal_insert_lsn()::text, pg_current_wal_flush_lsn()::text
            """)) {
      update.setString(1, advance.end().toString());
      update.setLong(2, advance.transactions());
      update.setLong(3, advance.changes());
      update.setObject(4, advance.committedAt().atOffset(ZoneOffset.UTC));
      update.setString(5, stream.name().value());
      update.setLong(6, stream.epoch().value());
      update.setString(7, advance.from().toString());
      boolean guarded;
      try (ResultSet row = allowed(update, "up to " + advance.end())) {
        durable.committed(advance.from(), Lsn.parse(row.getString(2)), Lsn.parse(row.getString(3)));
        guarded = row.getBoolean(1);
      }
      companion.perform();
      return guarded;
    }
  }

  private ResultSet allowed(PreparedStatement statement, String where) throws SQLException {
    ResultSet row = statement.executeQuery();
    if (!row.next()) {
      throw new StreamEnded("stream " + stream.name() + " may not apply " + where + " any more");
    }
    return row;
  }
}
