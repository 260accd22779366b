package dev.ficus.relay.internal.ddl;

import dev.ficus.core.TableName;
import dev.ficus.postgres.StreamTable;
import io.debezium.document.Array;
import io.debezium.document.Document;
import io.debezium.document.DocumentReader;
import io.debezium.document.DocumentWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A source table as {@code ficus.describe_table} of the source described it at one moment.
 *
 * @param oid the table itself, whatever its name is
 * @param table its name
 * @param plain whether it is a logged table, and its partitions are sent as it is
 * @param partitions its partitions at every level; none where it is not partitioned
 * @param identity the columns by which changes name its rows; empty where old rows come whole
 * @param columns its written columns in attribute order
 * @param json the description itself
 */
public record SourceShape(
    long oid,
    TableName table,
    boolean plain,
    List<SourcePartition> partitions,
    Optional<List<String>> identity,
    List<SourceColumn> columns,
    String json) {

  public SourceShape {
    partitions = List.copyOf(partitions);
    columns = List.copyOf(columns);
  }

  /** Reads a description. */
  public static SourceShape parse(String json) {
    try {
      return of(read(json));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Document read(String json) {
    try {
      return DocumentReader.defaultReader().read(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static SourceShape of(Document description) throws IOException {
    Document kept = description.clone();
    // Of a notice, what is not about the table.
    kept.remove("key");
    kept.remove("event");
    kept.remove("command");
    kept.remove("empty");
    kept.remove("partition");
    List<SourcePartition> partitions = new ArrayList<>();
    for (Array.Entry partition : description.getArray("partitions")) {
      partitions.add(SourcePartition.of(partition.getValue().asDocument()));
    }
    List<SourceColumn> columns = new ArrayList<>();
    for (Array.Entry column : description.getArray("columns")) {
      columns.add(SourceColumn.of(column.getValue().asDocument()));
    }
    Optional<List<String>> identity = Optional.empty();
    Array names = description.getArray("identity");
    if (names != null) {
      List<String> list = new ArrayList<>();
      names.forEach(name -> list.add(name.getValue().asString()));
      identity = Optional.of(List.copyOf(list));
    }
    return new SourceShape(
        description.getLong("oid"),
        new TableName(description.getString("schema"), description.getString("table")),
        description.getBoolean("plain"),
        partitions,
        identity,
        columns,
        DocumentWriter.defaultWriter().write(kept));
  }

  /** The column of that name. */
  public Optional<SourceColumn> column(String name) {
    return columns.stream().filter(column -> column.name().equals(name)).findFirst();
  }

  /**
   * What changed between this shape and a later one that a stream has to know of, each in a few
   * words; a default, an index or a constraint changes no row that is carried.
   *
   * @param stream what the stream carries of the table
   * @param wholeRows whether a column that it does not carry is a change as well
   */
  public List<String> changes(SourceShape now, StreamTable stream, boolean wholeRows) {
    List<String> changes = new ArrayList<>();
    if (now.oid != oid) {
      changes.add("the table was dropped and made again");
    }
    if (!now.table.equals(table)) {
      changes.add("the table is called " + now.table + " now");
    }
    if (!now.plain) {
      changes.add(
          "it is no plain logged table any more, or one of its partitions has another replica identity");
    }
    for (SourcePartition partition : leavesBeside(now)) {
      changes.add(
          "partition " + partition.name() + " was detached or dropped, and its rows with it");
    }
    for (SourcePartition partition : now.leavesBeside(this)) {
      changes.add("partition " + partition.name() + " was attached, with the rows that it has");
    }
    if (now.identity.isPresent()
        && !new HashSet<>(now.identity.get()).equals(new HashSet<>(stream.key()))) {
      changes.add(
          "its rows are told apart by " + now.identity.get() + " instead of " + stream.key());
    }
    for (String name : stream.columns()) {
      Optional<SourceColumn> before = column(name);
      Optional<SourceColumn> after = now.column(name);
      if (after.isEmpty()) {
        changes.add("column " + name + " was dropped or renamed");
      } else if (before.isEmpty() || !before.get().hasTypeOf(after.get())) {
        changes.add(
            "column "
                + name
                + " is "
                + after.get().typeName()
                + before.map(it -> " instead of " + it.typeName()).orElse(""));
      }
    }
    if (wholeRows) {
      for (SourceColumn column : added(now, stream)) {
        changes.add("column " + column.name() + " (" + column.typeName() + ") was added");
      }
    }
    return changes;
  }

  /** Whether rows came or went with partitions until a later shape, none of which was sent. */
  public boolean movedRows(SourceShape now) {
    return !leavesBeside(now).isEmpty() || !now.leavesBeside(this).isEmpty();
  }

  /** Its leaf partitions that another shape does not have. */
  private List<SourcePartition> leavesBeside(SourceShape other) {
    return partitions.stream().filter(SourcePartition::leaf).filter(it -> !other.has(it)).toList();
  }

  private boolean has(SourcePartition partition) {
    return partitions.stream().anyMatch(it -> it.oid() == partition.oid());
  }

  /** The partitions of a later shape that came without a row. */
  List<SourcePartition> madeEmpty(SourceShape now, Set<Long> empty) {
    return now.partitions.stream()
        .filter(it -> !has(it))
        .filter(it -> !it.leaf() || empty.contains(it.oid()))
        .toList();
  }

  /** The same with more partitions. */
  SourceShape with(List<SourcePartition> more) {
    List<SourcePartition> all = new ArrayList<>(partitions);
    all.addAll(more);
    return new SourceShape(oid, table, plain, all, identity, columns, json);
  }

  /** The columns of a later shape that a stream neither carries nor knowingly leaves out. */
  public List<SourceColumn> added(SourceShape now, StreamTable stream) {
    return now.columns.stream()
        .filter(column -> !stream.columns().contains(column.name()))
        .filter(column -> !stream.ignored().contains(column.name()))
        .toList();
  }
}
