package dev.ficus.postgres;

import dev.ficus.core.GroupName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.util.Optional;

/**
 * How fast a group may be copied; a running copy takes a change within seconds.
 *
 * @param rowsPerSecond at most so many rows a second
 * @param bytesPerSecond at most so many bytes a second on the wire
 * @param maxStandbyLag the copy pauses while a physical standby of the source trails by more
 * @param maxActiveSessions the copy pauses while more sessions of the source run a statement
 */
public record CopyLimits(
    Optional<Long> rowsPerSecond,
    Optional<Long> bytesPerSecond,
    Optional<Duration> maxStandbyLag,
    Optional<Integer> maxActiveSessions) {

  /** As fast as it can. */
  public static final CopyLimits NONE =
      new CopyLimits(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

  public CopyLimits {
    positive("rowsPerSecond", rowsPerSecond.orElse(1L));
    positive("bytesPerSecond", bytesPerSecond.orElse(1L));
    positive("maxStandbyLag in ms", maxStandbyLag.map(Duration::toMillis).orElse(1L));
    positive("maxActiveSessions", maxActiveSessions.orElse(1));
  }

  private static void positive(String name, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1: " + value);
    }
  }

  /** The limits of a group whose copies end in the connection's database. */
  public static CopyLimits read(Connection target, GroupName group) throws SQLException {
    try (PreparedStatement select =
        target.prepareStatement(
            """
            select rows_per_second, bytes_per_second, max_standby_lag_millis, max_active_sessions
            from ficus.throttle where group_name = ?
            """)) {
      select.setString(1, group.value());
      try (ResultSet row = select.executeQuery()) {
        if (!row.next()) {
          return NONE;
        }
        return new CopyLimits(
            Optional.ofNullable(row.getObject(1, Long.class)),
            Optional.ofNullable(row.getObject(2, Long.class)),
            Optional.ofNullable(row.getObject(3, Long.class)).map(Duration::ofMillis),
            Optional.ofNullable(row.getObject(4, Integer.class)));
      }
    }
  }

  /** Sets the limits of a group whose copies end in the connection's database. */
  public void write(Connection target, GroupName group) throws SQLException {
    try (PreparedStatement upsert =
        target.prepareStatement(
            """
            insert into ficus.throttle (group_name, rows_per_second, bytes_per_second, max_standby_lag_millis, max_active_sessions)
            values (?, ?, ?, ?, ?)
            on conflict (group_name) do update set rows_per_second = excluded.rows_per_second,
              bytes_per_second = excluded.bytes_per_second, max_standby_lag_millis = excluded.max_standby_lag_millis,
              max_active_sessions = excluded.max_active_sessions, changed_at = clock_timestamp()
            """)) {
      upsert.setString(1, group.value());
      upsert.setObject(2, rowsPerSecond.orElse(null), Types.BIGINT);
      upsert.setObject(3, bytesPerSecond.orElse(null), Types.BIGINT);
      upsert.setObject(4, maxStandbyLag.map(Duration::toMillis).orElse(null), Types.BIGINT);
      upsert.setObject(5, maxActiveSessions.orElse(null), Types.INTEGER);
      upsert.executeUpdate();
    }
  }
}
