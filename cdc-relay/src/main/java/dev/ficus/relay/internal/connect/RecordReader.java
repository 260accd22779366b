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
import dev.ficus.relay.internal.shape.TableShape;
import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Reads Debezium's envelope as Kafka Connect's JSON converter writes it, each record with its
 * schema; anything else stops the stream by name (rule R7).
 */
final class RecordReader {

  private static final String STRANGE =
      "set the connector as docs/kafka.md says; what was published before stays as it is, so roll the group back to PROVISIONED and advance it again, which copies anew";

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
  private final Map<String, RecordSchema> schemas = new HashMap<>();

  /**
   * @param tables by their topics
   */
  RecordReader(Map<String, ConnectTable> tables) {
    this.tables.putAll(tables);
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
    RecordSchema known = schemas.get(record.topic());
    JsonNode payload;
    if (known != null && known.isOf(value)) {
      payload = payload(record, value, known.length());
    } else {
      JsonNode whole = tree(record, value);
      payload = whole.path("payload");
      known = new RecordSchema(record, table, whole.path("schema"));
      schemas.put(record.topic(), known);
    }
    return row(record, known, payload);
  }

  private Optional<ConnectRecord.Row> row(
      ConsumerRecord<byte[], byte[]> record, RecordSchema schema, JsonNode payload) {
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
    TableShape shape = schema.table().shape();
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
            lsn,
            content(record, schema, payload, op, lsn),
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

  private static ConnectRecord.Content content(
      ConsumerRecord<byte[], byte[]> record,
      RecordSchema schema,
      JsonNode payload,
      String op,
      Lsn lsn) {
    try {
      return new ConnectRecord.Content.Read(change(record, schema, payload, op, lsn));
    } catch (RelayException e) {
      return new ConnectRecord.Content.Refused(e);
    }
  }

  private static Change change(
      ConsumerRecord<byte[], byte[]> record,
      RecordSchema schema,
      JsonNode payload,
      String op,
      Lsn lsn) {
    TableShape shape = schema.table().shape();
    JsonNode before = payload.path("before");
    return switch (op) {
      case "c", "u" -> {
        if (op.equals("u") && schema.table().wholeOldRows() && !before.isObject()) {
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
        RowImage image = schema.image(record, payload.path("after"));
        RowKey old = before.isObject() ? schema.key(record, before) : null;
        yield new Change.Written(
            shape,
            lsn,
            image,
            old == null || old.equals(RowKey.of(shape, image)) ? null : old,
            op.equals("c"));
      }
      case "d" -> new Change.Deleted(shape, lsn, schema.key(record, before));
      case "t" -> new Change.Truncated(shape, lsn);
      default -> throw strange(record, "has an op that is none of c, u, d and t");
    };
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

  static RelayException strange(ConsumerRecord<byte[], byte[]> record, String why) {
    return RelayException.stop(at(record) + " " + why, STRANGE);
  }

  static String at(ConsumerRecord<byte[], byte[]> record) {
    return "the record at offset "
        + record.offset()
        + " of topic "
        + record.topic()
        + ", partition "
        + record.partition();
  }
}
