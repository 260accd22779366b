package dev.ficus.postgres;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Stores and reads the mappings of stream tables: one row in {@code ficus.stream_mapping} each. */
final class StreamMappings {

  /** The columns of {@code ficus.stream_mapping m} that {@link #read} reads, in its order. */
  static final String COLUMNS =
      "m.names, m.sources, m.types, m.expressions, m.target_key, m.filter, m.ignored, m.kept, m.compared_source, m.compared_target,"
          + " m.answered_for, m.collated";

  private StreamMappings() {}

  static void insert(Connection connection, StreamName stream, StreamTable table)
      throws SQLException {
    if (table.mapping().isEmpty()) {
      return;
    }
    RowMapping mapping = table.mapping().get();
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            insert into ficus.stream_mapping (stream, source_schema, source_table, names, sources, types, expressions, target_key, filter,
              ignored, kept, compared_source, compared_target, answered_for, collated)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)) {
      insert.setString(1, stream.value());
      insert.setString(2, table.source().schema());
      insert.setString(3, table.source().name());
      List<MappedColumn> columns = mapping.columns();
      insert.setArray(4, texts(connection, columns, MappedColumn::name));
      insert.setArray(
          5,
          texts(
              connection,
              columns,
              it -> it instanceof MappedColumn.Carried carried ? carried.source() : null));
      insert.setArray(
          6,
          texts(
              connection,
              columns,
              it -> it instanceof MappedColumn.Made made ? made.type() : null));
      insert.setArray(7, texts(connection, columns, MappedColumn::sql));
      insert.setArray(8, texts(connection, mapping.key(), it -> it));
      insert.setString(9, mapping.filter().orElse(null));
      insert.setArray(10, texts(connection, mapping.ignored(), it -> it));
      insert.setArray(11, texts(connection, mapping.kept(), it -> it));
      insert.setArray(12, texts(connection, mapping.compared(), RowMapping.Compared::source));
      insert.setArray(13, texts(connection, mapping.compared(), RowMapping.Compared::target));
      insert.setString(14, mapping.answeredFor().orElse(null));
      insert.setBoolean(15, mapping.collated());
      insert.executeUpdate();
    }
  }

  private static <T> Array texts(
      Connection connection, List<T> values, Function<T, @Nullable String> text)
      throws SQLException {
    return connection.createArrayOf("text", values.stream().map(text).toArray());
  }

  /** The mapping in a row of {@link #COLUMNS} from that place on; empty where there is none. */
  static Optional<RowMapping> read(ResultSet row, int first) throws SQLException {
    Array names = row.getArray(first);
    if (names == null) {
      return Optional.empty();
    }
    List<String> targets = strings(names);
    @Nullable String[] sources = (String[]) row.getArray(first + 1).getArray();
    @Nullable String[] types = (String[]) row.getArray(first + 2).getArray();
    List<String> expressions = strings(row.getArray(first + 3));
    List<MappedColumn> columns = new ArrayList<>();
    for (int i = 0; i < targets.size(); i++) {
      String source = sources[i];
      String type = types[i];
      if (source != null) {
        columns.add(new MappedColumn.Carried(targets.get(i), source));
      } else if (type != null) {
        columns.add(new MappedColumn.Made(targets.get(i), type, expressions.get(i)));
      }
    }
    List<String> here = strings(row.getArray(first + 8));
    List<String> there = strings(row.getArray(first + 9));
    List<RowMapping.Compared> compared = new ArrayList<>();
    for (int i = 0; i < here.size(); i++) {
      compared.add(new RowMapping.Compared(here.get(i), there.get(i)));
    }
    return Optional.of(
        new RowMapping(
            columns,
            strings(row.getArray(first + 4)),
            Optional.ofNullable(row.getString(first + 5)),
            strings(row.getArray(first + 6)),
            strings(row.getArray(first + 7)),
            compared,
            Optional.ofNullable(row.getString(first + 10)),
            row.getBoolean(first + 11)));
  }

  private static List<String> strings(Array array) throws SQLException {
    return Arrays.asList((String[]) array.getArray());
  }
}
