package dev.ficus.relay.internal.shape;

import dev.ficus.core.TableName;
import java.util.List;
import java.util.Optional;

/**
 * One table of a stream, verified on both sides.
 *
 * @param source the table in the source
 * @param target the table in the target
 * @param columns the carried columns of the source, in the order of all row images
 * @param keyIndexes the places of the key's columns among them, in key order
 * @param allColumns true if a column that the source sends beyond these is an error: the stream
 *     promises the whole row
 * @param mapped how rows become rows of the target, where they are not the same
 */
public record TableShape(
    TableName source,
    TableName target,
    List<CarriedColumn> columns,
    List<Integer> keyIndexes,
    boolean allColumns,
    Optional<MappedShape> mapped) {

  public TableShape {
    columns = List.copyOf(columns);
    keyIndexes = List.copyOf(keyIndexes);
  }

  /** The key's columns of the source in key order. */
  public List<CarriedColumn> key() {
    return keyIndexes.stream().map(columns::get).toList();
  }

  /** The key's columns of the target in key order. */
  public List<CarriedColumn> targetKey() {
    return mapped.map(MappedShape::key).orElseGet(this::key);
  }

  /** Columns that the source sends and that the stream knowingly leaves out. */
  public List<String> ignored() {
    return mapped.map(it -> it.mapping().ignored()).orElse(List.of());
  }

  /** Columns of the target that the stream does not write. */
  public List<String> kept() {
    return mapped.map(it -> it.mapping().kept()).orElse(List.of());
  }
}
