package dev.ficus.postgres;

import dev.ficus.core.TableName;
import java.util.List;
import java.util.Optional;

/**
 * One table that a stream carries.
 *
 * @param source the table in the source
 * @param target the table in the target
 * @param columns the source's columns that are carried; they include the key. Without a mapping the
 *     target has them under the same names
 * @param key the key's columns in the source, in key order
 * @param mapping how rows of the source become rows of the target, where they are not the same
 */
public record StreamTable(
    TableName source,
    TableName target,
    List<String> columns,
    List<String> key,
    Optional<RowMapping> mapping) {

  public StreamTable {
    columns = List.copyOf(columns);
    key = List.copyOf(key);
    if (key.isEmpty() || !columns.containsAll(key)) {
      throw new IllegalArgumentException(
          "stream table " + source + " needs key columns that are carried: key " + key);
    }
  }

  /** A table whose rows are carried as they are. */
  public StreamTable(TableName source, TableName target, List<String> columns, List<String> key) {
    this(source, target, columns, key, Optional.empty());
  }

  /** The source's columns that the stream knowingly leaves out. */
  public List<String> ignored() {
    return mapping.map(RowMapping::ignored).orElse(List.of());
  }

  /** The target's columns that are written. */
  public List<String> targetColumns() {
    return mapping
        .map(it -> it.columns().stream().map(MappedColumn::name).toList())
        .orElse(columns);
  }

  /** The key's columns in the target, in key order. */
  public List<String> targetKey() {
    return mapping.map(RowMapping::key).orElse(key);
  }
}
