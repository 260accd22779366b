package dev.ficus.reconciler;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.RowMapping;
import dev.ficus.postgres.StreamTable;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * One side of a table as a comparison sees it: both sides show equal rows alike.
 *
 * @param table the table
 * @param columns the columns that must be there
 * @param key the key's columns, in key order
 * @param row SQL over table {@code t} for the text of a row
 * @param ranged SQL over the table's columns for rows that count in ranges of keys; empty for all
 * @param byKey the same where rows are looked up by key
 */
record TableView(
    TableName table,
    List<String> columns,
    List<String> key,
    String row,
    Optional<String> ranged,
    Optional<String> byKey) {

  /** The source's side. */
  static TableView ofSource(StreamTable table) {
    Optional<RowMapping> mapping = table.mapping();
    return new TableView(
        table.source(),
        table.columns(),
        table.key(),
        mapping
            .map(it -> made(it.compared().stream().map(RowMapping.Compared::source).toList()))
            .orElseGet(() -> plain(table.columns())),
        mapping.flatMap(RowMapping::filter),
        mapping.flatMap(RowMapping::filter));
  }

  /**
   * The target's side. Rows of which the source knows nothing do not count, unless the source has
   * such a key: a service may have let a row leave the filter by which the table was once copied.
   */
  static TableView ofTarget(StreamTable table) {
    Optional<RowMapping> mapping = table.mapping();
    return new TableView(
        table.target(),
        table.targetColumns(),
        table.targetKey(),
        mapping
            .map(it -> made(it.compared().stream().map(RowMapping.Compared::target).toList()))
            .orElseGet(() -> plain(table.columns())),
        mapping.flatMap(RowMapping::answeredFor),
        Optional.empty());
  }

  private static String plain(List<String> columns) {
    return columns.stream()
        .map(column -> "t." + Quoted.name(column))
        .collect(Collectors.joining(", ", "row(", ")::text"));
  }

  /** A mapping's SQL has bare names, which must mean the table's columns and nothing else. */
  private static String made(List<String> values) {
    return "(select row(" + String.join(", ", values) + ")::text from (select t.*) m)";
  }

  /** A condition on table {@code t}. */
  static String condition(String sql) {
    return "(select (" + sql + ") from (select t.*) m)";
  }
}
