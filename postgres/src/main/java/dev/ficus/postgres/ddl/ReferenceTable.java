package dev.ficus.postgres.ddl;

import dev.ficus.core.TableName;
import java.util.List;

/**
 * A reference copy to be created: a table of the same name with chosen columns and the primary key.
 *
 * @param source the table in the shared database
 * @param columns the columns kept, which include the primary key's
 */
public record ReferenceTable(TableName source, List<String> columns) {

  public ReferenceTable {
    columns = List.copyOf(columns);
    if (columns.isEmpty()) {
      throw new IllegalArgumentException("reference copy of " + source + " names no columns");
    }
  }
}
