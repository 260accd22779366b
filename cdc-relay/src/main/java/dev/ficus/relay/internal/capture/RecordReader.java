package dev.ficus.relay.internal.capture;

import dev.ficus.core.Lsn;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.shape.CarriedColumn;
import dev.ficus.relay.internal.shape.TableShape;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;
import org.jspecify.annotations.Nullable;

/** Reads the change events of one table. */
final class RecordReader {

  private final TableShape table;
  private final SchemaChange onSchemaChange;
  private @Nullable Schema seen;

  RecordReader(TableShape table, SchemaChange onSchemaChange) {
    this.table = table;
    this.onSchemaChange = onSchemaChange;
  }

  Change read(Struct event, @Nullable Struct renamedFrom, Lsn lsn) {
    String operation = event.getString("op");
    return switch (operation) {
      case "c", "u" -> {
        RowImage image = image(event.getStruct("after"));
        yield new Change.Written(table, lsn, image, before(event, image, renamedFrom));
      }
      case "d" -> new Change.Deleted(table, lsn, key(event.getStruct("before")));
      case "t" -> new Change.Truncated(table, lsn);
      default ->
          throw RelayException.stop(
              "an event of operation '" + operation + "' arrived for table " + table.source(),
              "report this with the Debezium version in use");
    };
  }

  private @Nullable RowKey before(Struct event, RowImage image, @Nullable Struct renamedFrom) {
    Struct old = renamedFrom != null ? renamedFrom : event.getStruct("before");
    if (old == null) {
      return null;
    }
    RowKey before = key(old);
    return before.equals(RowKey.of(table, image)) ? null : before;
  }

  private RowKey key(Struct struct) {
    return new RowKey(
        table.key().stream()
            .map(
                column -> {
                  Object value =
                      struct.schema().field(column.name()) == null
                          ? null
                          : struct.getWithoutDefault(column.name());
                  if (value == null) {
                    throw RelayException.stop(
                        "a change of table "
                            + table.source()
                            + " arrived without its key column "
                            + column.name(),
                        "set the table's replica identity to default and request the stream again with a new copy");
                  }
                  return (String) value;
                })
            .toList());
  }

  private RowImage image(Struct after) {
    verify(after.schema());
    List<CarriedColumn> columns = table.columns();
    @Nullable String[] values = new String[columns.size()];
    for (int i = 0; i < values.length; i++) {
      // With the default, a null would read as the column's default.
      values[i] = (String) after.getWithoutDefault(columns.get(i).name());
    }
    return new RowImage(values);
  }

  /** Debezium makes a new schema object whenever the source describes the table again. */
  // Identity is what is asked: equal schemas were verified already, but comparing them costs more.
  @SuppressWarnings("ReferenceEquality")
  private void verify(Schema schema) {
    if (schema == seen) {
      return;
    }
    Set<String> sent = new LinkedHashSet<>();
    for (Field field : schema.fields()) {
      sent.add(field.name());
    }
    Set<String> carried = new LinkedHashSet<>();
    table.columns().forEach(column -> carried.add(column.name()));
    if (!sent.containsAll(carried) || (table.allColumns() && !carried.containsAll(sent))) {
      throw RelayException.stop(
          "table "
              + table.source()
              + " was altered in the source: it now has columns "
              + sent
              + " while the stream carries "
              + carried,
          "alter the target table alike, then request the stream again with a new copy");
    }
    if (seen != null) {
      // The types may have changed as well; text would often convert, and lose something.
      onSchemaChange.verify(table);
    }
    seen = schema;
  }
}
