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

/**
 * A source table as {@code ficus.describe_table} of the source described it at one moment.
 *
 * @param oid the table itself, whatever its name is
 * @param table its name
 * @param plain whether it is a plain logged table
 * @param identity the columns by which changes name its rows; empty where old rows come whole
 * @param columns its written columns in attribute order
 * @param json the description itself
 */
public record SourceShape(
    long oid,
    TableName table,
    boolean plain,
    Optional<List<String>> identity,
    List<SourceColumn> columns,
    String json) {

  public SourceShape {
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
      changes.add("it is no plain logged table any more");
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

  /** The columns of a later shape that a stream neither carries nor knowingly leaves out. */
  public List<SourceColumn> added(SourceShape now, StreamTable stream) {
    return now.columns.stream()
        .filter(column -> !stream.columns().contains(column.name()))
        .filter(column -> !stream.ignored().contains(column.name()))
        .toList();
  }
}
