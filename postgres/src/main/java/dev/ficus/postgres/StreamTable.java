package dev.ficus.postgres;

import dev.ficus.core.TableName;
import java.util.List;

/**
 * One table that a stream carries.
 *
 * @param source the table in the source
 * @param target the table in the target
 * @param columns the columns carried, of the same name on both sides; they include the key
 * @param key the key's columns in key order
 */
public record StreamTable(
    TableName source, TableName target, List<String> columns, List<String> key) {

  public StreamTable {
    columns = List.copyOf(columns);
    key = List.copyOf(key);
    if (key.isEmpty() || !columns.containsAll(key)) {
      throw new IllegalArgumentException(
          "stream table " + source + " needs key columns that are carried: key " + key);
    }
  }
}
