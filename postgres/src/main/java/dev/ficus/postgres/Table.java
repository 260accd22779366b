package dev.ficus.postgres;

import dev.ficus.core.TableName;
import java.util.List;

/**
 * A table's shape.
 *
 * @param name the table
 * @param columns its columns in attribute order
 * @param key the columns by which changes name its rows, in key order: those of the primary key, or
 *     of the unique index that its replica identity names or allows; empty where there is none
 */
public record Table(TableName name, List<Column> columns, List<String> key) {

  public Table {
    columns = List.copyOf(columns);
    key = List.copyOf(key);
  }

  /** The names of the columns that are written: all but the generated ones. */
  public List<String> writtenColumns() {
    return columns.stream().filter(column -> !column.generated()).map(Column::name).toList();
  }

  /** The column of that name. */
  public Column column(String name) {
    return columns.stream()
        .filter(column -> column.name().equals(name))
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("table " + this.name + " has no column " + name));
  }
}
