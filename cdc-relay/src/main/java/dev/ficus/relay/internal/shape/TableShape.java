package dev.ficus.relay.internal.shape;

import dev.ficus.core.TableName;
import java.util.List;

/**
 * One table of a stream, verified on both sides.
 *
 * @param source the table in the source
 * @param target the table in the target
 * @param columns the carried columns, in the order of all row images
 * @param keyIndexes the places of the key's columns among them, in key order
 * @param allColumns true if a column that the source sends beyond these is an error: the stream
 *     promises the whole row
 */
public record TableShape(
    TableName source,
    TableName target,
    List<CarriedColumn> columns,
    List<Integer> keyIndexes,
    boolean allColumns) {

  public TableShape {
    columns = List.copyOf(columns);
    keyIndexes = List.copyOf(keyIndexes);
  }

  /** The key's columns in key order. */
  public List<CarriedColumn> key() {
    return keyIndexes.stream().map(columns::get).toList();
  }
}
