package dev.ficus.relay.internal.backfill;

import dev.ficus.core.TableName;
import dev.ficus.postgres.MappedColumn;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.RowMapping;
import dev.ficus.relay.internal.shape.CarriedColumn;
import dev.ficus.relay.internal.shape.MappedShape;
import dev.ficus.relay.internal.shape.TableShape;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/**
 * A run of a table's blocks: what one transaction of a copy holds.
 *
 * @param table the table
 * @param source what holds these rows in the source: the table, or a leaf partition of it
 * @param number its place among the chunks of that, from 0
 * @param fromBlock the first block; 0 in the first chunk
 * @param toBlock the first block after it; empty in the last chunk, which has no end
 * @param bytes the bytes of the source's disk that it stands for
 */
record Chunk(
    TableShape table,
    TableName source,
    int number,
    long fromBlock,
    OptionalLong toBlock,
    long bytes) {

  /** Sends its rows. */
  String copyOut() {
    String columns = columns();
    String from = Quoted.table(source).sql();
    Optional<RowMapping> mapping = table.mapped().map(MappedShape::mapping);
    if (mapping.isEmpty() && fromBlock == 0 && toBlock.isEmpty()) {
      return "copy " + from + " (" + columns + ") to stdout (format binary)";
    }
    return "copy (select "
        + mapping
            .map(
                it ->
                    it.columns().stream().map(MappedColumn::sql).collect(Collectors.joining(", ")))
            .orElse(columns)
        + " from only "
        + from
        + " where ctid >= '("
        + fromBlock
        + ",0)'::tid"
        + (toBlock.isPresent() ? " and ctid < '(" + toBlock.getAsLong() + ",0)'::tid" : "")
        + mapping.flatMap(RowMapping::filter).map(filter -> " and (" + filter + ")").orElse("")
        + ") to stdout (format binary)";
  }

  /** Takes its rows in. */
  String copyIn() {
    return "copy "
        + Quoted.table(PartialTables.destination(table))
        + " ("
        + columns()
        + ") from stdin (format binary)";
  }

  private String columns() {
    return Quoted.names(
            table
                .mapped()
                .map(it -> it.mapping().columns().stream().map(MappedColumn::name).toList())
                .orElseGet(() -> table.columns().stream().map(CarriedColumn::name).toList()))
        .sql();
  }

  @Override
  public String toString() {
    return source
        + " blocks "
        + fromBlock
        + " to "
        + (toBlock.isPresent() ? Long.toString(toBlock.getAsLong()) : "the end");
  }
}
