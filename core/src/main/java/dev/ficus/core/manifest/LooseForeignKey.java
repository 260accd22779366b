package dev.ficus.core.manifest;

import dev.ficus.core.TableName;
import java.util.HashSet;
import java.util.List;

/**
 * The rule that replaces a foreign key once both ends live in different databases.
 *
 * @param from the table whose rows point to a parent, of the group that declares the rule
 * @param fromColumns its columns that do so
 * @param to the parents' table, of another service
 * @param toColumns the parents' key, column by column as {@code fromColumns} point to it
 * @param onDelete what becomes of rows whose parent is deleted
 */
public record LooseForeignKey(
    TableName from,
    List<String> fromColumns,
    TableName to,
    List<String> toColumns,
    OnDelete onDelete) {

  public LooseForeignKey {
    fromColumns = List.copyOf(fromColumns);
    toColumns = List.copyOf(toColumns);
    if (fromColumns.isEmpty() || fromColumns.size() != toColumns.size()) {
      throw new IllegalArgumentException(
          "a loose foreign key pairs columns: " + fromColumns + " with " + toColumns);
    }
    if (new HashSet<>(fromColumns).size() != fromColumns.size()
        || new HashSet<>(toColumns).size() != toColumns.size()) {
      throw new IllegalArgumentException(
          "a loose foreign key names a column once: " + fromColumns + " and " + toColumns);
    }
  }

  /** What it is called: its table and columns, which have one rule only. */
  public String name() {
    return from + "(" + String.join(", ", fromColumns) + ")";
  }

  @Override
  public String toString() {
    return name() + " -> " + to + "(" + String.join(", ", toColumns) + ")";
  }
}
