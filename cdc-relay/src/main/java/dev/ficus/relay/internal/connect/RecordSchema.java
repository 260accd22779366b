package dev.ficus.relay.internal.connect;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.capture.RowImage;
import dev.ficus.relay.internal.capture.RowKey;
import dev.ficus.relay.internal.connect.ConnectTable.ColumnType;
import dev.ficus.relay.internal.shape.CarriedColumn;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/** The schema of a table's record, which fits the table, and how rows are read by it. */
final class RecordSchema {

  private static final byte[] PAYLOAD = ",\"payload\":".getBytes(StandardCharsets.US_ASCII);

  private final ConnectTable table;
  // How the table's columns come, in their order.
  private final List<ExactType.Form> forms;
  // A record up to its payload: another one that begins so has the same schema.
  private final byte[] bytes;

  /**
   * Verifies that a record's schema calls each column's type what it has to be called.
   *
   * @param schema what stands in the record
   */
  RecordSchema(ConsumerRecord<byte[], byte[]> record, ConnectTable table, JsonNode schema) {
    this.table = table;
    this.forms = forms(record, table, called(record, schema));
    this.bytes = prefix(record.value());
  }

  ConnectTable table() {
    return table;
  }

  /** Whether another record has the same one. */
  boolean isOf(byte[] record) {
    return record.length > bytes.length
        && Arrays.equals(record, 0, bytes.length, bytes, 0, bytes.length);
  }

  /** Where the payloads of its records begin. */
  int length() {
    return bytes.length;
  }

  RowImage image(ConsumerRecord<byte[], byte[]> record, JsonNode row) {
    if (row.size() != forms.size()) {
      throw RecordReader.strange(
          record, "has " + row.size() + " columns after the change, not " + forms.size());
    }
    @Nullable String[] values = new String[forms.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = text(record, row, i);
    }
    return new RowImage(values);
  }

  RowKey key(ConsumerRecord<byte[], byte[]> record, JsonNode row) {
    List<String> values = new ArrayList<>();
    for (int place : table.shape().keyIndexes()) {
      String value = text(record, row, place);
      if (value == null) {
        throw RecordReader.strange(
            record, "has a key of table " + table.shape().source() + " that is not whole");
      }
      values.add(value);
    }
    return new RowKey(values);
  }

  private @Nullable String text(ConsumerRecord<byte[], byte[]> record, JsonNode row, int place) {
    String column = table.shape().columns().get(place).name();
    JsonNode value = row.get(column);
    if (value == null) {
      throw RecordReader.strange(record, "lacks column " + column);
    }
    if (value.isNull()) {
      return null;
    }
    try {
      return forms.get(place).text(value, table.types().get(place).modifier());
    } catch (IllegalArgumentException e) {
      // The message may quote the value (rule R20).
      throw RelayException.stop(
          RecordReader.at(record)
              + " has a value in column "
              + column
              + " of table "
              + table.shape().source()
              + " that does not come exactly over Kafka Connect",
          "change the row, or have its group's stream travel direct or via kafka; then roll the group back to PROVISIONED and advance it again, which copies anew");
    }
  }

  /** What a schema calls the types of a row's columns. */
  private static Map<String, String> called(
      ConsumerRecord<byte[], byte[]> record, JsonNode schema) {
    Map<String, String> called = new HashMap<>();
    for (JsonNode part : schema.path("fields")) {
      if (part.path("field").asText().equals("after")) {
        for (JsonNode field : part.path("fields")) {
          String name = field.path("name").asText("");
          called.put(
              field.path("field").asText(),
              field.path("type").asText() + (name.isEmpty() ? "" : " " + name));
        }
      }
    }
    if (called.isEmpty()) {
      throw RecordReader.strange(record, "has no schema: set value.converter.schemas.enable=true");
    }
    return called;
  }

  private static List<ExactType.Form> forms(
      ConsumerRecord<byte[], byte[]> record, ConnectTable table, Map<String, String> called) {
    List<ExactType.Form> forms = new ArrayList<>();
    List<CarriedColumn> columns = table.shape().columns();
    Set<String> others = new HashSet<>(called.keySet());
    for (int i = 0; i < columns.size(); i++) {
      String name = columns.get(i).name();
      String column = "column " + name + " of table " + table.shape().source();
      String type = called.get(name);
      if (type == null) {
        throw RecordReader.strange(record, "lacks " + column);
      }
      ColumnType exact = table.types().get(i);
      forms.add(
          exact
              .type()
              .form(type)
              .orElseThrow(
                  () ->
                      RecordReader.strange(
                          record,
                          "calls "
                              + column
                              + " a "
                              + type
                              + ": the column was altered, or the connector does not bring its values exactly")));
      others.remove(name);
    }
    if (!others.isEmpty()) {
      throw RecordReader.strange(
          record,
          "has columns "
              + others
              + " of table "
              + table.shape().source()
              + ", which the stream does not carry");
    }
    return List.copyOf(forms);
  }

  private static byte[] prefix(byte[] value) {
    for (int at = 0; at + PAYLOAD.length <= value.length; at++) {
      if (Arrays.equals(value, at, at + PAYLOAD.length, PAYLOAD, 0, PAYLOAD.length)) {
        return Arrays.copyOf(value, at + PAYLOAD.length);
      }
    }
    // Nothing begins with all of it and more.
    return value;
  }
}
