package dev.ficus.relay.internal.ddl;

import dev.ficus.core.Lsn;
import dev.ficus.relay.internal.ddl.ShapeRows.Remembered;
import dev.ficus.relay.internal.shape.TableShape;
import java.util.List;

/**
 * Columns that a source table has got, for the target to get them too, between the rows of before
 * and after.
 *
 * @param lsn where the source tells of it
 * @param after what it carries from here on
 * @param columns the new columns
 * @param remembered the source's table from here on
 */
public record Addition(
    Lsn lsn, TableShape after, List<SourceColumn> columns, Remembered remembered) {

  public Addition {
    columns = List.copyOf(columns);
  }
}
