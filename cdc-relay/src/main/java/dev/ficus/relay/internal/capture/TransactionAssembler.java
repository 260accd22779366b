package dev.ficus.relay.internal.capture;

import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.RelaySettings;
import dev.ficus.relay.internal.shape.TableShape;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/**
 * Puts change events together into whole transactions, and counts what it got against what Debezium
 * says it sent: an event lost on the way stops the stream instead of being missed.
 */
final class TransactionAssembler {

  private static final String OLD_KEY_HEADER = "__debezium.oldkey";

  private final Map<TableName, RecordReader> readers = new HashMap<>();
  private final String prefix;
  private final RelaySettings settings;

  private @Nullable List<Change> open;
  private long events;
  private long characters;

  TransactionAssembler(
      String prefix, List<TableShape> shapes, SchemaChange onSchemaChange, RelaySettings settings) {
    this.prefix = prefix;
    this.settings = settings;
    shapes.forEach(shape -> readers.put(shape.source(), new RecordReader(shape, onSchemaChange)));
  }

  /** Takes one event; returns the transaction that it completes. */
  Optional<SourceTransaction> take(SourceRecord record) {
    Struct value = (Struct) record.value();
    if (record.topic().equals(prefix + ".transaction")) {
      return boundary(record, value);
    }
    if (open == null) {
      throw RelayException.stop(
          "a change event arrived outside any transaction at " + lsn(record),
          "report this with the Debezium version in use; nothing was applied");
    }
    events++;
    if (record.topic().equals(prefix + ".message")) {
      return Optional.empty();
    }
    Struct source = value.getStruct("source");
    TableName table = new TableName(source.getString("schema"), source.getString("table"));
    RecordReader reader = readers.get(table);
    if (reader == null) {
      throw RelayException.stop(
          "a change of table " + table + " arrived, which the stream does not carry",
          "recreate the stream: its publication has been altered");
    }
    add(open, reader.read(value, renamedFrom(record), Lsn.parse(lsn(record))));
    return Optional.empty();
  }

  private void add(List<Change> changes, Change change) {
    changes.add(change);
    if (change instanceof Change.Written written) {
      characters += written.image().characters();
    }
    if (changes.size() > settings.transactionChanges()
        || characters > settings.transactionCharacters()) {
      throw RelayException.stop(
          "a source transaction holds more than "
              + settings.transactionChanges()
              + " row changes or "
              + settings.transactionCharacters()
              + " characters of row images; the limit was met in table "
              + change.table().source()
              + " at "
              + change.lsn(),
          "give the relay more memory and raise its transaction limits, or copy the tables again after the bulk change");
    }
  }

  private Optional<SourceTransaction> boundary(SourceRecord record, Struct value) {
    if (value.getString("status").equals("BEGIN")) {
      open = new ArrayList<>();
      events = 0;
      characters = 0;
      return Optional.empty();
    }
    List<Change> changes = open;
    open = null;
    long sent = value.getInt64("event_count");
    if (changes == null || sent != events) {
      throw RelayException.stop(
          "a transaction that ends at "
              + lsn(record)
              + " was sent with "
              + sent
              + " events, of which "
              + events
              + " arrived",
          "report this with the Debezium version in use; nothing of the transaction was applied");
    }
    if (!(record.sourceOffset().get("lsn_commit") instanceof Long commit)) {
      throw RelayException.stop(
          "a transaction that ends at " + lsn(record) + " was sent without its commit LSN",
          "report this with the Debezium version in use; nothing of the transaction was applied");
    }
    return Optional.of(
        new SourceTransaction(
            new Lsn(commit), Instant.ofEpochMilli(value.getInt64("ts_ms")), changes));
  }

  private static @Nullable Struct renamedFrom(SourceRecord record) {
    var header = record.headers().lastWithName(OLD_KEY_HEADER);
    return header == null ? null : (Struct) header.value();
  }

  private static String lsn(SourceRecord record) {
    Object lsn = record.sourceOffset().get("lsn");
    return lsn instanceof Long value ? new Lsn(value).toString() : "an unknown LSN";
  }
}
