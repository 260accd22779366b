package dev.ficus.relay.internal.kafka;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import dev.ficus.relay.internal.capture.Change;
import dev.ficus.relay.internal.capture.RowImage;
import dev.ficus.relay.internal.capture.RowKey;
import dev.ficus.relay.internal.shape.CarriedColumn;
import dev.ficus.relay.internal.shape.TableShape;
import io.debezium.connector.postgresql.Module;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Debezium's envelope as JSON without schemas; values are PostgreSQL's own text (ADR 6), so that
 * none loses anything on the way.
 */
final class EnvelopeWriter {

  private static final SerializableString BEFORE = new SerializedString("before");
  private static final SerializableString AFTER = new SerializedString("after");
  private static final SerializableString SOURCE = new SerializedString("source");
  private static final SerializableString OP = new SerializedString("op");
  private static final SerializableString TS = new SerializedString("ts_ms");
  private static final SerializableString TRANSACTION = new SerializedString("transaction");

  private final JsonFactory json =
      JsonFactory.builder().disable(JsonWriteFeature.ESCAPE_NON_ASCII).build();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream(4096);
  private final String name;
  private final String database;
  private final Map<TableShape, Encoded> tables = new HashMap<>();

  /**
   * @param name the logical name of the source, {@code topic.prefix} in Debezium's words
   * @param database the source's database
   */
  EnvelopeWriter(String name, String database) {
    this.name = name;
    this.database = database;
  }

  /**
   * What stays the same in all envelopes of a table.
   *
   * @param source its {@code source} up to the commit's time
   */
  private record Encoded(
      String source, List<SerializedString> columns, List<SerializedString> key) {}

  byte[] begin(String transaction, Instant committedAt) {
    return write(
        generator -> {
          generator.writeStartObject();
          generator.writeStringField("status", "BEGIN");
          generator.writeStringField("id", transaction);
          generator.writeNumberField("ts_ms", committedAt.toEpochMilli());
          generator.writeNullField("event_count");
          generator.writeNullField("data_collections");
          generator.writeEndObject();
        });
  }

  byte[] end(String transaction, Instant committedAt, long changes, Map<String, Long> tables) {
    return write(
        generator -> {
          generator.writeStartObject();
          generator.writeStringField("status", "END");
          generator.writeStringField("id", transaction);
          generator.writeNumberField("ts_ms", committedAt.toEpochMilli());
          generator.writeNumberField("event_count", changes);
          generator.writeArrayFieldStart("data_collections");
          for (Map.Entry<String, Long> table : new TreeMap<>(tables).entrySet()) {
            generator.writeStartObject();
            generator.writeStringField("data_collection", table.getKey());
            generator.writeNumberField("event_count", table.getValue());
            generator.writeEndObject();
          }
          generator.writeEndArray();
          generator.writeEndObject();
        });
  }

  /** The key of a transaction's two records. */
  byte[] transactionKey(String transaction) {
    return write(
        generator -> {
          generator.writeStartObject();
          generator.writeStringField("id", transaction);
          generator.writeEndObject();
        });
  }

  /** The key of a change; a truncated table has none. */
  byte @Nullable [] key(Change change) {
    Encoded table = encoded(change.table());
    if (change instanceof Change.Written written) {
      RowKey key = RowKey.of(change.table(), written.image());
      return write(generator -> key(generator, table, key));
    }
    if (change instanceof Change.Deleted deleted) {
      return write(generator -> key(generator, table, deleted.key()));
    }
    return null;
  }

  /**
   * A change.
   *
   * @param order its place in the transaction, from 1
   * @param tableOrder its place among those of its table, from 1
   */
  byte[] change(
      Change change, String transaction, Instant committedAt, long order, long tableOrder) {
    Encoded table = encoded(change.table());
    return write(
        generator -> {
          generator.writeStartObject();
          before(generator, table, change);
          generator.writeFieldName(AFTER);
          if (change instanceof Change.Written written) {
            image(generator, table.columns(), written.image());
          } else {
            generator.writeNull();
          }
          generator.writeFieldName(SOURCE);
          generator.writeRawValue(
              table.source()
                  + committedAt.toEpochMilli()
                  + ",\"txId\":"
                  + transaction.substring(0, transaction.indexOf(':'))
                  + ",\"lsn\":"
                  + change.lsn().value()
                  + "}");
          generator.writeFieldName(OP);
          generator.writeString(op(change));
          generator.writeFieldName(TS);
          generator.writeNumber(System.currentTimeMillis());
          generator.writeFieldName(TRANSACTION);
          generator.writeStartObject();
          generator.writeStringField("id", transaction);
          generator.writeNumberField("total_order", order);
          generator.writeNumberField("data_collection_order", tableOrder);
          generator.writeEndObject();
          generator.writeEndObject();
        });
  }

  private static String op(Change change) {
    if (change instanceof Change.Written written) {
      return written.inserted() ? "c" : "u";
    }
    return change instanceof Change.Deleted ? "d" : "t";
  }

  private static void before(JsonGenerator generator, Encoded table, Change change)
      throws IOException {
    generator.writeFieldName(BEFORE);
    if (change instanceof Change.Written written && written.before() != null) {
      key(generator, table, written.before());
    } else if (change instanceof Change.Deleted deleted) {
      key(generator, table, deleted.key());
    } else {
      generator.writeNull();
    }
  }

  private static void key(JsonGenerator generator, Encoded table, RowKey key) throws IOException {
    generator.writeStartObject();
    for (int i = 0; i < table.key().size(); i++) {
      generator.writeFieldName(table.key().get(i));
      generator.writeString(key.values().get(i));
    }
    generator.writeEndObject();
  }

  private static void image(JsonGenerator generator, List<SerializedString> columns, RowImage image)
      throws IOException {
    generator.writeStartObject();
    for (int i = 0; i < columns.size(); i++) {
      generator.writeFieldName(columns.get(i));
      String value = image.isUnchanged(i) ? TopicRecord.UNAVAILABLE : image.get(i);
      if (value == null) {
        generator.writeNull();
      } else {
        generator.writeString(value);
      }
    }
    generator.writeEndObject();
  }

  private Encoded encoded(TableShape table) {
    return tables.computeIfAbsent(
        table,
        key -> {
          String source =
              "{\"version\":"
                  + quoted(Module.version())
                  + ",\"connector\":\"postgresql\",\"name\":"
                  + quoted(name)
                  + ",\"snapshot\":\"false\",\"db\":"
                  + quoted(database)
                  + ",\"schema\":"
                  + quoted(table.source().schema())
                  + ",\"table\":"
                  + quoted(table.source().name())
                  + ",\"ts_ms\":";
          return new Encoded(source, names(table.columns()), names(table.key()));
        });
  }

  private static List<SerializedString> names(List<CarriedColumn> columns) {
    return columns.stream().map(column -> new SerializedString(column.name())).toList();
  }

  private static String quoted(String text) {
    return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
  }

  @FunctionalInterface
  private interface Body {
    void write(JsonGenerator generator) throws IOException;
  }

  private byte[] write(Body body) {
    out.reset();
    try (JsonGenerator generator = json.createGenerator(out)) {
      body.write(generator);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }
}
