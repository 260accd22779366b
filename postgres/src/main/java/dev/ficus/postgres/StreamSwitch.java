package dev.ficus.postgres;

import dev.ficus.core.Epoch;
import dev.ficus.core.Lsn;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * Lets a stream go on from another source, in one statement: whoever applied from the old one finds
 * no row to move any more, and there is no moment without a stream.
 *
 * <p>It changes only the row that was read. A stream that was removed, or switched by somebody else
 * meanwhile, is left as it is.
 */
public final class StreamSwitch {

  /** What the stream remembers of its tables, and what stopped it, is of the old source. */
  private static final String FORGETTING =
      """
      with switched as (%s),
        forgotten as (delete from ficus.stream_shape s using switched where s.stream = switched.name),
        settled as (delete from ficus.stream_ddl d using switched where d.stream = switched.name)
      select count(*) = 1 from switched
      """;

  private static final String TO_SLOT =
      FORGETTING.formatted(
          """
          update ficus.stream set source = ?, epoch = ?, slot = ?, publication = ?, copy = false, source_system = ?,
            source_timeline = ?, position = ?::pg_lsn, position_at = null, lag_millis = null, changed_at = clock_timestamp()
          where name = ? and epoch = ? and source = ? and state = 'STREAMING' and position >= ?::pg_lsn
          returning name
          """);
  private static final String TO_COPY =
      FORGETTING.formatted(
          """
          update ficus.stream set source = ?, epoch = ?, slot = ?, publication = ?, copy = true, state = 'REQUESTED',
            source_system = null, source_timeline = null, position = '0/0', position_at = null, lag_millis = null,
            rows_copied = 0, rows_estimated = null, failure = null, advice = null, changed_at = clock_timestamp()
          where name = ? and epoch = ? and source = ?
          returning name
          """);

  private final Database target;
  private final StreamRow row;

  /**
   * @param target the database that the stream ends in
   * @param row the stream as it was read
   */
  public StreamSwitch(Database target, StreamRow row) {
    this.target = target;
    this.row = row;
  }

  /**
   * Goes on without a copy, on a slot of the new source that exists.
   *
   * @param passed how far the old source must have been applied
   * @param identity the new source's server
   * @param position all that the new source committed up to here is in the old one, before {@code
   *     passed}; the slot stands there or before
   * @return whether the stream was switched
   */
  public boolean toSlot(
      Lsn passed, String source, Epoch epoch, ServerIdentity identity, Lsn position) {
    try (Connection connection = target.connect("stream " + row.name());
        PreparedStatement update = connection.prepareStatement(TO_SLOT)) {
      String slot = row.name().slot(epoch);
      update.setString(1, source);
      update.setLong(2, epoch.value());
      update.setString(3, slot);
      update.setString(4, slot);
      update.setString(5, identity.system());
      update.setInt(6, identity.timeline());
      update.setString(7, position.toString());
      update.setString(8, row.name().value());
      update.setLong(9, row.epoch().value());
      update.setString(10, row.source());
      update.setString(11, passed.toString());
      return switched(update);
    } catch (SQLException e) {
      throw failed(source, e);
    }
  }

  /** The statement of {@link #toSlot}, for a dry run. */
  public static String toSlotSql(StreamRow row, String source, Epoch epoch) {
    String slot = row.name().slot(epoch);
    return Shown.sql(
        TO_SLOT,
        source,
        epoch.value(),
        slot,
        slot,
        Shown.later("the server's system identifier"),
        Shown.later("its timeline"),
        Shown.later("the slot's position"),
        row.name().value(),
        row.epoch().value(),
        row.source(),
        Shown.later("a marker in the old write side"));
  }

  /** The statement of {@link #toCopy}, for a dry run. */
  public static String toCopySql(StreamRow row, String source, Epoch epoch) {
    String slot = row.name().slot(epoch);
    return Shown.sql(
        TO_COPY,
        source,
        epoch.value(),
        slot,
        slot,
        row.name().value(),
        row.epoch().value(),
        row.source());
  }

  /**
   * Begins anew with a copy of the new source, for a stream that is not whole.
   *
   * @return whether the stream was switched
   */
  public boolean toCopy(String source, Epoch epoch) {
    try (Connection connection = target.connect("stream " + row.name());
        PreparedStatement update = connection.prepareStatement(TO_COPY)) {
      String slot = row.name().slot(epoch);
      update.setString(1, source);
      update.setLong(2, epoch.value());
      update.setString(3, slot);
      update.setString(4, slot);
      update.setString(5, row.name().value());
      update.setLong(6, row.epoch().value());
      update.setString(7, row.source());
      return switched(update);
    } catch (SQLException e) {
      throw failed(source, e);
    }
  }

  private static boolean switched(PreparedStatement update) throws SQLException {
    try (ResultSet row = update.executeQuery()) {
      row.next();
      return row.getBoolean(1);
    }
  }

  private PostgresException failed(String source, SQLException e) {
    return PostgresException.sql(
        "switching stream " + row.name() + " in " + target + " to source " + source, e);
  }
}
