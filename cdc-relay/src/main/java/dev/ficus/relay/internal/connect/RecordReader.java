package dev.ficus.relay.internal.connect;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ficus.core.Lsn;
import dev.ficus.postgres.Quoted;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.capture.Change;
import dev.ficus.relay.internal.capture.RowImage;
import dev.ficus.relay.internal.capture.RowKey;
import dev.ficus.relay.internal.shape.CarriedColumn;
import dev.ficus.relay.internal.shape.TableShape;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Reads Debezium's envelope as Kafka Connect's JSON converter writes it, each record with its
 * schema; anything else stops the stream by name (rule R7).
 */
final class RecordReader {

  private static final String STRANGE =
      "set the connector as docs/kafka.md says; what was published before stays as it is, so roll the group back to PROVISIONED and advance it again, which copies anew";
  private static final String PAYLOAD = ",\"payload\":";

  private final ObjectMapper json =
      new ObjectMapper(
          JsonFactory.builder()
              .streamReadConstraints(
                  StreamReadConstraints.builder()
                      .maxStringLength(Integer.MAX_VALUE)
                      .maxNumberLength(Integer.MAX_VALUE)
                      .build())
              .build());
  private final Map<String, ConnectTable> tables = new HashMap<>();
  private final Map<String, Schema> schemas = new HashMap<>();

  /**
   * @param tables by their topics
   */
  RecordReader(Map<String, ConnectTable> tables) {
    this.tables.putAll(tables);
  }

  /** A schema that has been looked at. */
  private static final class Schema {
    // A record up to its payload: another one that begins so has the same schema.
    private final byte[] bytes;

    Schema(byte[] bytes) {
      this.bytes = bytes;
    }

    boolean isOf(byte[] record) {
      return record.length > bytes.length
          && Arrays.equals(record, 0, bytes.length, bytes, 0, bytes.length);
    }
  }

  /** A record of the transaction topic, where it ends a transaction. */
  Optional<ConnectRecord.End> end(ConsumerRecord<byte[], byte[]> record) {
    byte[] value = record.value();
    if (value == null) {
      return Optional.empty();
    }
    JsonNode payload = tree(record, value).path("payload");
    String status = payload.path("status").asText();
    if (status.equals("BEGIN")) {
      return Optional.empty();
    }
    if (!status.equals("END")) {
      throw strange(record, "is neither the BEGIN nor the END of a transaction with its schema");
    }
    String id = payload.path("id").asText();
    if (!id.matches("\\d{1,18}:\\d{1,19}")) {
      throw strange(record, "ends a transaction without its number and LSN");
    }
    int colon = id.indexOf(':');
    Map<String, Long> changes = new HashMap<>();
    for (JsonNode table : payload.path("data_collections")) {
      changes.put(
          table.path("data_collection").asText(), number(record, table.path("event_count")));
    }
    return Optional.of(
        new ConnectRecord.End(
            Long.parseLong(id.substring(0, colon)),
            new Lsn(Long.parseLong(id.substring(colon + 1))),
            Instant.ofEpochMilli(number(record, payload.path("ts_ms"))),
            changes));
  }

  /** A record of a table's topic, where it tells of a change. */
  Optional<ConnectRecord.Row> row(ConsumerRecord<byte[], byte[]> record) {
    byte[] value = record.value();
    if (value == null) {
      // A tombstone, for compaction alone.
      return Optional.empty();
    }
    ConnectTable table = tables.get(record.topic());
    if (table == null) {
      throw strange(record, "is of a topic that the stream does not read");
    }
    Schema known = schemas.get(record.topic());
    JsonNode payload;
    if (known != null && known.isOf(value)) {
      payload = payload(record, value, known.bytes.length);
    } else {
      JsonNode whole = tree(record, value);
      payload = whole.path("payload");
      verifyTypes(record, table, whole.path("schema"));
      known = new Schema(prefix(value));
      schemas.put(record.topic(), known);
    }
    return row(record, table, payload);
  }

  private Optional<ConnectRecord.Row> row(
      ConsumerRecord<byte[], byte[]> record, ConnectTable table, JsonNode payload) {
    JsonNode source = payload.path("source");
    String op = payload.path("op").asText();
    if (op.equals("r")) {
      if (source.path("snapshot").asText().equals("incremental")) {
        // It tells of no change: the row was read again for somebody who asked for it.
        return Optional.empty();
      }
      throw strange(
          record, "is of a snapshot: the connector began anew, and what lies between is missing");
    }
    TableShape shape = table.shape();
    if (!source.path("schema").asText().equals(shape.source().schema())
        || !source.path("table").asText().equals(shape.source().name())) {
      throw strange(record, "is of another table than " + shape.source());
    }
    JsonNode transaction = payload.path("transaction");
    if (!transaction.isObject()) {
      throw strange(record, "names no transaction: set provide.transaction.metadata=true");
    }
    Lsn lsn = new Lsn(number(record, source.path("lsn")));
    return Optional.of(
        new ConnectRecord.Row(
            number(record, source.path("txId")),
            previous(record, source.path("sequence")),
            number(record, transaction.path("total_order")),
            number(record, transaction.path("data_collection_order")),
            shape.source(),
            change(record, table, payload, op, lsn),
            record.serializedValueSize()));
  }

  /**
   * The connector's last commit before this change, from {@code ["last commit","lsn"]}; zero where
   * it had read none.
   */
  private Lsn previous(ConsumerRecord<byte[], byte[]> record, JsonNode sequence) {
    try {
      JsonNode last = json.readTree(sequence.asText()).path(0);
      return last.isNull() ? Lsn.ZERO : new Lsn(Long.parseLong(last.asText()));
    } catch (IOException | NumberFormatException e) {
      throw strange(record, "has no source.sequence");
    }
  }

  private static Change change(
      ConsumerRecord<byte[], byte[]> record,
      ConnectTable table,
      JsonNode payload,
      String op,
      Lsn lsn) {
    TableShape shape = table.shape();
    JsonNode before = payload.path("before");
    return switch (op) {
      case "c", "u" -> {
        if (op.equals("u") && table.wholeOldRows() && !before.isObject()) {
          // What the change left alone may be a placeholder here, and looks like any other text.
          throw RelayException.stop(
              at(record)
                  + " changes a row of table "
                  + shape.source()
                  + " and lacks the old one: its replica identity was not full then",
              "run: alter table "
                  + Quoted.table(shape.source())
                  + " replica identity full; then roll the group back to PROVISIONED and advance it again, which copies anew");
        }
        RowImage image = image(record, table, payload.path("after"));
        RowKey old = before.isObject() ? key(record, table, before) : null;
        yield new Change.Written(
            shape,
            lsn,
            image,
            old == null || old.equals(RowKey.of(shape, image)) ? null : old,
            op.equals("c"));
      }
      case "d" -> new Change.Deleted(shape, lsn, key(record, table, before));
      case "t" -> new Change.Truncated(shape, lsn);
      default -> throw strange(record, "has an op that is none of c, u, d and t");
    };
  }

  private static RowImage image(
      ConsumerRecord<byte[], byte[]> record, ConnectTable table, JsonNode row) {
    List<CarriedColumn> columns = table.shape().columns();
    if (row.size() != columns.size()) {
      throw strange(
          record, "has " + row.size() + " columns after the change, not " + columns.size());
    }
    @Nullable String[] values = new String[columns.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = text(record, table, row, i);
    }
    return new RowImage(values);
  }

  private static RowKey key(
      ConsumerRecord<byte[], byte[]> record, ConnectTable table, JsonNode row) {
    List<String> values = new ArrayList<>();
    for (int place : table.shape().keyIndexes()) {
      String value = text(record, table, row, place);
      if (value == null) {
        throw strange(
            record, "has a key of table " + table.shape().source() + " that is not whole");
      }
      values.add(value);
    }
    return new RowKey(values);
  }

  private static @Nullable String text(
      ConsumerRecord<byte[], byte[]> record, ConnectTable table, JsonNode row, int place) {
    String column = table.shape().columns().get(place).name();
    JsonNode value = row.get(column);
    if (value == null) {
      throw strange(record, "lacks column " + column);
    }
    if (value.isNull()) {
      return null;
    }
    try {
      return table.types().get(place).text(value);
    } catch (IllegalArgumentException e) {
      // The message may quote the value (rule R20).
      throw RelayException.stop(
          at(record)
              + " has a value in column "
              + column
              + " of table "
              + table.shape().source()
              + " that does not come exactly over Kafka Connect",
          "change the row, or have its group's stream travel direct or via kafka; then roll the group back to PROVISIONED and advance it again, which copies anew");
    }
  }

  /** Verifies that a record's schema calls each column's type what it has to be called. */
  private static void verifyTypes(
      ConsumerRecord<byte[], byte[]> record, ConnectTable table, JsonNode schema) {
    Map<String, String> found = new HashMap<>();
    for (JsonNode part : schema.path("fields")) {
      if (part.path("field").asText().equals("after")) {
        for (JsonNode field : part.path("fields")) {
          String name = field.path("name").asText("");
          found.put(
              field.path("field").asText(),
              field.path("type").asText() + (name.isEmpty() ? "" : " " + name));
        }
      }
    }
    if (found.isEmpty()) {
      throw strange(record, "has no schema: set value.converter.schemas.enable=true");
    }
    List<CarriedColumn> columns = table.shape().columns();
    Set<String> others = new HashSet<>(found.keySet());
    for (int i = 0; i < columns.size(); i++) {
      String name = columns.get(i).name();
      String called = found.get(name);
      if (called == null) {
        throw strange(record, "lacks column " + name + " of table " + table.shape().source());
      }
      if (!table.types().get(i).isCalled(called)) {
        throw strange(
            record,
            "calls column "
                + name
                + " of table "
                + table.shape().source()
                + " a "
                + called
                + ": the column was altered, or the connector does not bring its values exactly");
      }
      others.remove(name);
    }
    if (!others.isEmpty()) {
      throw strange(
          record,
          "has columns "
              + others
              + " of table "
              + table.shape().source()
              + ", which the stream does not carry");
    }
  }

  private static byte[] prefix(byte[] value) {
    byte[] mark = PAYLOAD.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    for (int at = 0; at + mark.length <= value.length; at++) {
      if (Arrays.equals(value, at, at + mark.length, mark, 0, mark.length)) {
        return Arrays.copyOf(value, at + mark.length);
      }
    }
    // Nothing begins with all of it and more.
    return value;
  }

  private JsonNode payload(ConsumerRecord<byte[], byte[]> record, byte[] value, int from) {
    try {
      return json.readTree(value, from, value.length - from);
    } catch (IOException e) {
      throw strange(record, "is not Debezium's envelope");
    }
  }

  private JsonNode tree(ConsumerRecord<byte[], byte[]> record, byte[] value) {
    return payload(record, value, 0);
  }

  private static long number(ConsumerRecord<byte[], byte[]> record, JsonNode node) {
    if (!node.isIntegralNumber() || !node.canConvertToLong()) {
      throw strange(record, "is not Debezium's envelope with its schema");
    }
    return node.longValue();
  }

  private static RelayException strange(ConsumerRecord<byte[], byte[]> record, String why) {
    return RelayException.stop(at(record) + " " + why, STRANGE);
  }

  private static String at(ConsumerRecord<byte[], byte[]> record) {
    return "the record at offset "
        + record.offset()
        + " of topic "
        + record.topic()
        + ", partition "
        + record.partition();
  }
}
