package dev.ficus.relay.internal.ddl;

import dev.ficus.core.Lsn;
import dev.ficus.relay.internal.ddl.ShapeRows.Remembered;
import dev.ficus.relay.internal.shape.TableShape;
import java.util.List;

/**
 * Columns and partitions that a source table has got, for the target to get them too, between the
 * rows of before and after.
 *
 * @param lsn where the source tells of it
 * @param after what it carries from here on
 * @param columns the new columns
 * @param partitions what makes the new partitions, each after what it is a partition of
 * @param remembered the source's table from here on
 */
public record Addition(
    Lsn lsn,
    TableShape after,
    List<SourceColumn> columns,
    List<String> partitions,
    Remembered remembered) {

  public Addition {
    columns = List.copyOf(columns);
    partitions = List.copyOf(partitions);
  }
}
