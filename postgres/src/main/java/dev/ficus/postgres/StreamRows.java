package dev.ficus.postgres;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.core.Via;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads stream rows. */
final class StreamRows {

  private static final String KAFKA = "KAFKA";
  private static final String CONNECT = "CONNECT";
  private static final String DIRECT = "DIRECT";

  private StreamRows() {}

  /** The streams that end in the connection's database, by name: all, or the one named. */
  static List<StreamRow> read(Connection connection, Optional<StreamName> only)
      throws SQLException {
    List<StreamRow> rows = new ArrayList<>();
    try (PreparedStatement select =
        connection.prepareStatement(
            """
                select name, group_name, direction, source, epoch, slot, publication, copy, guarded, via, partitions, state, source_system,
                  source_timeline, position::text, position_at, lag_millis, rows_copied, rows_estimated, transactions, changes, failure, advice,
                  (select count(*) from ficus.table_copy c where c.stream = name) as tables_to_copy,
                  p.began_at, p.bytes_estimated, p.bytes_copied, p.rows_per_second, p.bytes_per_second, p.indexes, p.indexes_built, p.paused
                from ficus.stream left join ficus.copy_progress p on p.stream = name
                where ?::text is null or name = ? order by name
                """)) {
      String wanted = only.map(StreamName::value).orElse(null);
      select.setString(1, wanted);
      select.setString(2, wanted);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          StreamName name = new StreamName(row.getString("name"));
          String system = row.getString("source_system");
          OffsetDateTime positionAt = row.getObject("position_at", OffsetDateTime.class);
          Long lag = row.getObject("lag_millis", Long.class);
          rows.add(
              new StreamRow(
                  name,
                  new GroupName(row.getString("group_name")),
                  Direction.valueOf(row.getString("direction")),
                  row.getString("source"),
                  new Epoch(row.getLong("epoch")),
                  row.getString("slot"),
                  row.getString("publication"),
                  row.getBoolean("copy"),
                  row.getBoolean("guarded"),
                  via(row.getString("via"), row.getInt("partitions")),
                  StreamState.valueOf(row.getString("state")),
                  Optional.ofNullable(system).map(it -> identity(it, row)),
                  Lsn.parse(row.getString("position")),
                  Optional.ofNullable(positionAt).map(OffsetDateTime::toInstant),
                  Optional.ofNullable(lag).map(Duration::ofMillis),
                  row.getLong("rows_copied"),
                  Optional.ofNullable(row.getObject("rows_estimated", Long.class)),
                  row.getInt("tables_to_copy"),
                  row.getLong("transactions"),
                  row.getLong("changes"),
                  Optional.ofNullable(row.getString("failure")),
                  Optional.ofNullable(row.getString("advice")),
                  CopyProgress.of(row),
                  tables(connection, name)));
        }
      }
    }
    return rows;
  }

  /** What column via has of a stream that travels so. */
  static String column(Via via) {
    if (via instanceof Via.Kafka) {
      return KAFKA;
    }
    return via instanceof Via.Connect ? CONNECT : DIRECT;
  }

  private static Via via(String column, int partitions) {
    return switch (column) {
      case KAFKA -> new Via.Kafka(partitions);
      case CONNECT -> Via.CONNECT;
      default -> Via.DIRECT;
    };
  }

  private static ServerIdentity identity(String system, ResultSet row) {
    try {
      return new ServerIdentity(system, row.getInt("source_timeline"));
    } catch (SQLException e) {
      throw PostgresException.sql("reading a stream's identity", e);
    }
  }

  private static List<StreamTable> tables(Connection connection, StreamName name)
      throws SQLException {
    List<StreamTable> tables = new ArrayList<>();
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select t.source_schema, t.source_table, t.target_schema, t.target_table, t.columns, t.key_columns, %s
            from ficus.stream_table t left join ficus.stream_mapping m using (stream, source_schema, source_table)
            where stream = ? order by 1, 2
            """
                .formatted(StreamMappings.COLUMNS))) {
      select.setString(1, name.value());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          tables.add(
              new StreamTable(
                  new TableName(row.getString(1), row.getString(2)),
                  new TableName(row.getString(3), row.getString(4)),
                  strings(row.getArray(5)),
                  strings(row.getArray(6)),
                  StreamMappings.read(row, 7)));
        }
      }
    }
    return tables;
  }

  private static List<String> strings(Array array) throws SQLException {
    return List.of((String[]) array.getArray());
  }
}
