package dev.ficus.dualwriter;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Column;
import dev.ficus.postgres.ColumnType;
import dev.ficus.postgres.MappedColumn;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.RowMapping;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * How one table's rows become images in the target's row type.
 *
 * @param target the table in the service database
 * @param sql a query over {@code k(key)} that yields a number, the key, the image and the guard LSN
 */
record ImagePlan(TableName target, String sql) {

  /**
   * The plan, or empty where the table's rows cannot be imaged: they are left to the stream. So are
   * rows whose keys can be equal without being the same, such as 1.0 and 1.00: each text would have
   * a guard of its own, and an upsert would leave the old one of them in place.
   */
  static Optional<ImagePlan> of(
      StreamTable stream, Table target, Map<String, ColumnType> targetTypes) {
    for (String key : stream.targetKey()) {
      ColumnType type = targetTypes.get(key);
      if (type == null || !type.sameIfEqual()) {
        return Optional.empty();
      }
    }
    List<String> values = new ArrayList<>();
    for (Column column : target.columns()) {
      if (column.generated()) {
        values.add("null");
      } else {
        Optional<String> value = value(stream, column.name());
        if (value.isEmpty()) {
          // An image would overwrite a column that the stream does not carry.
          return Optional.empty();
        }
        values.add(value.get());
      }
    }
    List<String> matches = new ArrayList<>();
    for (int i = 0; i < stream.key().size(); i++) {
      String key = stream.key().get(i);
      matches.add(
          "t."
              + Quoted.name(key)
              + " = (k.key::jsonb ->> "
              + i
              + ")::"
              + target.column(stream.targetKey().get(i)).type());
    }
    // A row that the filter keeps out has no image: it is deleted there, as the stream deletes it.
    stream
        .mapping()
        .flatMap(RowMapping::filter)
        .ifPresent(filter -> matches.add("(" + filter + ")"));
    String sql =
        "select %d, k.key, (select row("
            + values.stream()
                .map(value -> value.replace("%", "%%"))
                .collect(Collectors.joining(", "))
            + ")::text from "
            + Quoted.table(stream.source()).sql().replace("%", "%%")
            + " t where "
            + String.join(" and ", matches).replace("%", "%%")
            + "), pg_catalog.pg_current_wal_insert_lsn()::text from pg_catalog.unnest(?::text[]) k(key)";
    return Optional.of(new ImagePlan(stream.target(), sql));
  }

  private static Optional<String> value(StreamTable stream, String column) {
    if (stream.mapping().isPresent()) {
      return stream.mapping().get().columns().stream()
          .filter(made -> made.name().equals(column))
          .map(MappedColumn::sql)
          .findFirst();
    }
    return stream.columns().contains(column)
        ? Optional.of("t." + Quoted.name(column))
        : Optional.empty();
  }

  /** The query for the {@code number}-th table of a transaction. */
  String query(int number) {
    return sql.formatted(number);
  }
}
