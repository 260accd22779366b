package dev.ficus.postgres;

import dev.ficus.core.Epoch;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What relays noted about the streams that end in one database; see {@link StreamWatch}. */
public final class StreamWatches {

  private StreamWatches() {}

  /** All notes of the connection's database that are about its streams' present epochs. */
  public static List<StreamWatch> list(Connection connection) throws SQLException {
    List<StreamWatch> watches = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                select w.stream, w.epoch, w.retries, w.last_retry, w.retried_at, w.retained_bytes, w.wal_status, w.throttle_reason
                from ficus.stream_watch w join ficus.stream s on s.name = w.stream and s.epoch = w.epoch order by 1
                """)) {
      while (row.next()) {
        OffsetDateTime retriedAt = row.getObject(5, OffsetDateTime.class);
        watches.add(
            new StreamWatch(
                new StreamName(row.getString(1)),
                new Epoch(row.getLong(2)),
                row.getLong(3),
                Optional.ofNullable(row.getString(4)),
                Optional.ofNullable(retriedAt).map(OffsetDateTime::toInstant),
                Optional.ofNullable(row.getObject(6, Long.class)),
                Optional.ofNullable(row.getString(7)),
                Optional.ofNullable(row.getString(8))));
      }
    }
    return watches;
  }

  /** Counts a retry. */
  public static void retried(Connection connection, StreamRow stream, String why)
      throws SQLException {
    try (PreparedStatement upsert =
        connection.prepareStatement(
            """
            insert into ficus.stream_watch as w (stream, epoch, retries, last_retry, retried_at)
            select name, epoch, 1, ?, clock_timestamp() from ficus.stream where name = ? and epoch = ?
            on conflict (stream) do update set
              retries = case when w.epoch = excluded.epoch then w.retries else 0 end + 1,
              retained_bytes = case when w.epoch = excluded.epoch then w.retained_bytes end,
              wal_status = case when w.epoch = excluded.epoch then w.wal_status end,
              throttle_reason = case when w.epoch = excluded.epoch then w.throttle_reason end,
              epoch = excluded.epoch, last_retry = excluded.last_retry, retried_at = excluded.retried_at
            where w.epoch <= excluded.epoch
            """)) {
      upsert.setString(1, why);
      upsert.setString(2, stream.name().value());
      upsert.setLong(3, stream.epoch().value());
      upsert.executeUpdate();
    }
  }

  /**
   * Notes how the stream's slot was found.
   *
   * @param throttleReason why copies of others into the database are to pause; empty lets them go
   *     on
   */
  public static void found(
      Connection connection, StreamRow stream, Slots.Slot slot, Optional<String> throttleReason)
      throws SQLException {
    try (PreparedStatement upsert =
        connection.prepareStatement(
            """
            insert into ficus.stream_watch as w (stream, epoch, retained_bytes, wal_status, throttle_reason)
            select name, epoch, ?, ?, ? from ficus.stream where name = ? and epoch = ?
            on conflict (stream) do update set
              retries = case when w.epoch = excluded.epoch then w.retries else 0 end,
              last_retry = case when w.epoch = excluded.epoch then w.last_retry end,
              retried_at = case when w.epoch = excluded.epoch then w.retried_at end,
              epoch = excluded.epoch, retained_bytes = excluded.retained_bytes, wal_status = excluded.wal_status,
              throttle_reason = excluded.throttle_reason
            where w.epoch <= excluded.epoch
            """)) {
      upsert.setLong(1, slot.retainedBytes());
      upsert.setString(2, slot.walStatus());
      upsert.setString(3, throttleReason.orElse(null));
      upsert.setString(4, stream.name().value());
      upsert.setLong(5, stream.epoch().value());
      upsert.executeUpdate();
    }
  }

  /**
   * Why a copy into the connection's database is to pause: another stream into it trails so far
   * that its slot holds back more WAL than its budget allows. What the copy's own slot holds back
   * is no reason, since only the copy's end lets go of it; nor is that of a stream which copies
   * tables itself.
   */
  public static Optional<String> throttleReason(Connection connection, StreamName copied)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select 'stream ' || w.stream || ' trails: ' || w.throttle_reason
            from ficus.stream_watch w join ficus.stream s on s.name = w.stream and s.epoch = w.epoch
            where s.state = 'STREAMING' and s.name <> ? and w.throttle_reason is not null
              and not exists (select from ficus.table_copy c where c.stream = s.name)
            order by w.stream limit 1
            """)) {
      select.setString(1, copied.value());
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
      }
    }
  }
}
