package dev.ficus.relay.internal.ddl;

import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.postgres.ColumnType;
import dev.ficus.postgres.StreamName;
import io.debezium.document.Document;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a stream's target remembers of the source's tables, by the position that it stands at. */
public final class ShapeRows {

  private ShapeRows() {}

  /**
   * A remembered table.
   *
   * @param shape the table as the rows after the position were written
   * @param types what the types of its columns were made of then
   * @param accepted notices up to here are settled
   */
  public record Remembered(SourceShape shape, Map<String, ColumnType> types, Lsn accepted) {
    public Remembered {
      types = Map.copyOf(types);
    }

    /** A table as its source has it now. */
    public static Remembered now(Connection source, SourceShape shape, Lsn accepted)
        throws SQLException {
      return new Remembered(shape, SourceCatalog.types(source, shape), accepted);
    }
  }

  /** All that is remembered, by the source table. */
  public static Map<TableName, Remembered> read(
      Connection target, Connection source, StreamName stream) throws SQLException {
    Map<TableName, Remembered> all = new LinkedHashMap<>();
    try (PreparedStatement select =
        target.prepareStatement(
            """
            select source_schema, source_table, shape::text, structures::text, accepted::text from ficus.stream_shape
            where stream = ? order by 1, 2
            """)) {
      select.setString(1, stream.value());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          SourceShape shape = SourceShape.parse(row.getString(3));
          all.put(
              new TableName(row.getString(1), row.getString(2)),
              new Remembered(
                  shape, types(source, shape, row.getString(4)), Lsn.parse(row.getString(5))));
        }
      }
    }
    return all;
  }

  /** {@link #version} in SQL, of the stream that an expression names. */
  public static String versionOf(String stream) {
    return "(select string_agg(v.xmin::text, ',' order by v.source_schema, v.source_table) from ficus.stream_shape v where v.stream = "
        + stream
        + ")";
  }

  /**
   * What tells all that is remembered of a stream's tables from what was before and will be: each
   * {@link #write} changes it. Empty while one of them is not remembered yet.
   */
  public static Optional<String> version(Connection target, StreamName stream) throws SQLException {
    try (PreparedStatement select =
        target.prepareStatement(
            """
            select %s from ficus.stream_table t
            left join ficus.stream_shape s using (stream, source_schema, source_table)
            where t.stream = ? group by t.stream having bool_and(s.accepted is not null)
            """
                .formatted(versionOf("t.stream")))) {
      select.setString(1, stream.value());
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
      }
    }
  }

  /** A type may have been altered since, and the rows that come now be of before that. */
  private static Map<String, ColumnType> types(
      Connection source, SourceShape shape, String structures) throws SQLException {
    Document then = SourceShape.read(structures);
    Map<String, ColumnType> types = new LinkedHashMap<>();
    SourceCatalog.types(source, shape)
        .forEach(
            (column, now) ->
                types.put(
                    column,
                    new ColumnType(
                        now.name(),
                        now.cast(),
                        then.getString(column),
                        now.refusal(),
                        now.refusalAsKey(),
                        now.sameIfEqual())));
    return types;
  }

  /** Remembers a table as it is from the transaction's position on. */
  public static void write(
      Connection target, StreamName stream, TableName table, Remembered remembered)
      throws SQLException {
    try (PreparedStatement upsert =
        target.prepareStatement(
            """
            insert into ficus.stream_shape (stream, source_schema, source_table, shape, structures, accepted)
            values (?, ?, ?, ?::jsonb, jsonb_object(?, ?), ?::pg_lsn)
            on conflict (stream, source_schema, source_table) do update
              set shape = excluded.shape, structures = excluded.structures, accepted = excluded.accepted
            """)) {
      List<Map.Entry<String, ColumnType>> types = List.copyOf(remembered.types().entrySet());
      upsert.setString(1, stream.value());
      upsert.setString(2, table.schema());
      upsert.setString(3, table.name());
      upsert.setString(4, remembered.shape().json());
      upsert.setArray(
          5, target.createArrayOf("text", types.stream().map(Map.Entry::getKey).toArray()));
      upsert.setArray(
          6,
          target.createArrayOf(
              "text", types.stream().map(type -> type.getValue().structure()).toArray()));
      upsert.setString(7, remembered.accepted().toString());
      upsert.executeUpdate();
    }
  }

  /** Changes which columns of a table a stream carries. */
  public static void carry(
      Connection target, StreamName stream, TableName table, List<String> columns, List<String> key)
      throws SQLException {
    try (PreparedStatement update =
        target.prepareStatement(
            """
            update ficus.stream_table set columns = ?, key_columns = ?
            where stream = ? and source_schema = ? and source_table = ?
            """)) {
      update.setArray(1, target.createArrayOf("text", columns.toArray()));
      update.setArray(2, target.createArrayOf("text", key.toArray()));
      update.setString(3, stream.value());
      update.setString(4, table.schema());
      update.setString(5, table.name());
      update.executeUpdate();
    }
  }

  /** Notes why a stream stands still. */
  public static void stop(Connection target, StreamName stream, List<Stop> stops)
      throws SQLException {
    try (PreparedStatement upsert =
        target.prepareStatement(
            """
            insert into ficus.stream_ddl (stream, source_schema, source_table, lsn, change, shape, refusal, rewritten)
            values (?, ?, ?, ?::pg_lsn, ?, ?::jsonb, ?, ?)
            on conflict (stream, source_schema, source_table) do update set lsn = excluded.lsn, change = excluded.change,
              shape = excluded.shape, refusal = excluded.refusal, rewritten = excluded.rewritten, noted_at = clock_timestamp()
            """)) {
      for (Stop stop : stops) {
        upsert.setString(1, stream.value());
        upsert.setString(2, stop.table().schema());
        upsert.setString(3, stop.table().name());
        upsert.setString(4, stop.lsn().toString());
        upsert.setString(5, stop.change());
        upsert.setString(6, stop.shape().map(SourceShape::json).orElse(null));
        upsert.setString(7, stop.refusal().orElse(null));
        upsert.setBoolean(8, stop.rewritten());
        upsert.executeUpdate();
      }
    }
  }

  /** Why a stream stands still; nothing where DDL is not the reason. */
  public static List<Stop> stops(Connection target, StreamName stream) throws SQLException {
    List<Stop> stops = new ArrayList<>();
    try (PreparedStatement select =
        target.prepareStatement(
            """
            select source_schema, source_table, lsn::text, change, shape::text, refusal, rewritten from ficus.stream_ddl
            where stream = ? order by 1, 2
            """)) {
      select.setString(1, stream.value());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          @Nullable String shape = row.getString(5);
          stops.add(
              new Stop(
                  new TableName(row.getString(1), row.getString(2)),
                  Lsn.parse(row.getString(3)),
                  row.getString(4),
                  Optional.ofNullable(shape).map(SourceShape::parse),
                  Optional.ofNullable(row.getString(6)),
                  row.getBoolean(7)));
        }
      }
    }
    return stops;
  }

  /** Forgets why a stream stood still because of a table. */
  public static void settle(Connection target, StreamName stream, TableName table)
      throws SQLException {
    try (PreparedStatement delete =
        target.prepareStatement(
            "delete from ficus.stream_ddl where stream = ? and source_schema = ? and source_table = ?")) {
      delete.setString(1, stream.value());
      delete.setString(2, table.schema());
      delete.setString(3, table.name());
      delete.executeUpdate();
    }
  }
}
