package dev.ficus.core.manifest;

import dev.ficus.core.TableName;
import java.util.List;

/**
 * A read-only copy of chosen columns of another service's table, kept fresh by a stream.
 *
 * @param table the table, owned by another group
 * @param columns the columns; they include the primary key
 */
public record ReferenceCopy(TableName table, List<String> columns) {

  public ReferenceCopy {
    columns = List.copyOf(columns);
    if (columns.isEmpty()) {
      throw new IllegalArgumentException("reference copy of " + table + " names no columns");
    }
  }
}
