package dev.ficus.relay.internal.kafka;

import dev.ficus.relay.internal.capture.Change;
import dev.ficus.relay.internal.capture.RowImage;
import dev.ficus.relay.internal.capture.RowKey;
import dev.ficus.relay.internal.shape.CarriedColumn;
import dev.ficus.relay.internal.shape.TableShape;
import io.debezium.connector.postgresql.Module;
import java.time.Instant;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Debezium's envelope as JSON without schemas; values are PostgreSQL's own text (ADR 6), so that
 * none loses anything on the way.
 */
final class EnvelopeWriter {

  static final byte[] BEFORE = JsonBytes.raw("{\"before\":");
  static final byte[] AFTER = JsonBytes.raw(",\"after\":");
  static final byte[] TX_ID = JsonBytes.raw(",\"txId\":");
  static final byte[] LSN = JsonBytes.raw(",\"lsn\":");
  static final byte[] OP = JsonBytes.raw("},\"op\":");
  static final byte[] TS = JsonBytes.raw(",\"ts_ms\":");
  static final byte[] TRANSACTION = JsonBytes.raw(",\"transaction\":{\"id\":");
  static final byte[] TOTAL_ORDER = JsonBytes.raw(",\"total_order\":");
  static final byte[] TABLE_ORDER = JsonBytes.raw(",\"data_collection_order\":");
  static final byte[] BEGIN = JsonBytes.raw("{\"status\":\"BEGIN\",\"id\":");
  static final byte[] BEGIN_REST =
      JsonBytes.raw(",\"event_count\":null,\"data_collections\":null}");
  static final byte[] END = JsonBytes.raw("{\"status\":\"END\",\"id\":");
  static final byte[] COUNT = JsonBytes.raw(",\"event_count\":");
  static final byte[] TABLES = JsonBytes.raw(",\"data_collections\":[");
  static final byte[] TABLE = JsonBytes.raw("{\"data_collection\":");
  private static final byte[] ID = JsonBytes.raw("{\"id\":");
  private static final byte[] NULL = JsonBytes.raw("null");

  private final JsonBytes json = new JsonBytes();
  private final String name;
  private final String database;
  // By identity: a shape is one object for as long as a stream runs, and its hash is long to make.
  private final IdentityHashMap<TableShape, Encoded> tables = new IdentityHashMap<>();

  // The transaction that has begun.
  private String transaction = "";
  private byte[] transactionNumber = {};
  private byte[] committedAt = {};
  private long order;
  private final List<Encoded> touched = new ArrayList<>();

  /**
   * @param name the logical name of the source, {@code topic.prefix} in Debezium's words
   * @param database the source's database
   */
  EnvelopeWriter(String name, String database) {
    this.name = name;
    this.database = database;
  }

  /** What stays the same in all envelopes of a table, and how many there were in a transaction. */
  private static final class Encoded {
    final String table;
    final byte[] source;
    final List<byte[]> columns;
    final List<byte[]> key;
    long order;

    Encoded(String table, byte[] source, List<byte[]> columns, List<byte[]> key) {
      this.table = table;
      this.source = source;
      this.columns = columns;
      this.key = key;
    }
  }

  byte[] begin(String id, Instant at) {
    transaction = id;
    transactionNumber = JsonBytes.raw(id.substring(0, id.indexOf(':')));
    committedAt = JsonBytes.raw(Long.toString(at.toEpochMilli()));
    order = 0;
    touched.forEach(table -> table.order = 0);
    touched.clear();
    return json.reset().put(BEGIN).text(id).put(TS).put(committedAt).put(BEGIN_REST).copy();
  }

  byte[] end() {
    json.reset().put(END).text(transaction).put(TS).put(committedAt).put(COUNT).number(order);
    json.put(TABLES);
    for (int i = 0; i < touched.size(); i++) {
      if (i > 0) {
        json.put(',');
      }
      Encoded table = touched.get(i);
      json.put(TABLE).text(table.table).put(COUNT).number(table.order).put('}');
    }
    return json.put(']').put('}').copy();
  }

  /** The key of a transaction's two records. */
  byte[] transactionKey() {
    return json.reset().put(ID).text(transaction).put('}').copy();
  }

  /** The key of a change; a truncated table has none. */
  byte @Nullable [] key(Change change) {
    Encoded table = encoded(change.table());
    json.reset();
    if (change instanceof Change.Written written) {
      key(table, RowKey.of(change.table(), written.image()));
    } else if (change instanceof Change.Deleted deleted) {
      key(table, deleted.key());
    } else {
      return null;
    }
    return json.copy();
  }

  byte[] change(Change change) {
    Encoded table = encoded(change.table());
    order++;
    if (table.order++ == 0) {
      touched.add(table);
    }
    json.reset().put(BEFORE);
    before(table, change);
    json.put(AFTER);
    if (change instanceof Change.Written written) {
      image(table.columns, written.image());
    } else {
      json.put(NULL);
    }
    json.put(table.source).put(committedAt);
    json.put(TX_ID).put(transactionNumber).put(LSN).number(change.lsn().value());
    json.put(OP).text(op(change)).put(TS).number(System.currentTimeMillis());
    json.put(TRANSACTION).text(transaction).put(TOTAL_ORDER).number(order);
    return json.put(TABLE_ORDER).number(table.order).put('}').put('}').copy();
  }

  private static String op(Change change) {
    if (change instanceof Change.Written written) {
      return written.inserted() ? "c" : "u";
    }
    return change instanceof Change.Deleted ? "d" : "t";
  }

  private void before(Encoded table, Change change) {
    if (change instanceof Change.Written written && written.before() != null) {
      key(table, written.before());
    } else if (change instanceof Change.Deleted deleted) {
      key(table, deleted.key());
    } else {
      json.put(NULL);
    }
  }

  private void key(Encoded table, RowKey key) {
    for (int i = 0; i < table.key.size(); i++) {
      json.put(table.key.get(i)).text(key.values().get(i));
    }
    json.put('}');
  }

  private void image(List<byte[]> columns, RowImage image) {
    for (int i = 0; i < columns.size(); i++) {
      json.put(columns.get(i));
      String value = image.isUnchanged(i) ? TopicRecord.UNAVAILABLE : image.get(i);
      if (value == null) {
        json.put(NULL);
      } else {
        json.text(value);
      }
    }
    json.put('}');
  }

  private Encoded encoded(TableShape shape) {
    Encoded known = tables.get(shape);
    if (known == null) {
      JsonBytes source = new JsonBytes();
      source.put(JsonBytes.raw(",\"source\":{\"version\":")).text(Module.version());
      source.put(JsonBytes.raw(",\"connector\":\"postgresql\",\"name\":")).text(name);
      source.put(JsonBytes.raw(",\"snapshot\":\"false\",\"db\":")).text(database);
      source.put(JsonBytes.raw(",\"schema\":")).text(shape.source().schema());
      source.put(JsonBytes.raw(",\"table\":")).text(shape.source().name());
      source.put(TS);
      known =
          new Encoded(
              shape.source().toString(), source.copy(), names(shape.columns()), names(shape.key()));
      tables.put(shape, known);
    }
    return known;
  }

  /** Each name with what stands before and after it in an object of all of them. */
  static List<byte[]> names(List<CarriedColumn> columns) {
    List<byte[]> names = new ArrayList<>();
    for (CarriedColumn column : columns) {
      names.add(
          new JsonBytes().put(names.isEmpty() ? '{' : ',').text(column.name()).put(':').copy());
    }
    return names;
  }
}
