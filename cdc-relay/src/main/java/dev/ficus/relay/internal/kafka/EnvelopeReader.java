package dev.ficus.relay.internal.kafka;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.capture.Change;
import dev.ficus.relay.internal.capture.RowImage;
import dev.ficus.relay.internal.capture.RowKey;
import dev.ficus.relay.internal.shape.CarriedColumn;
import dev.ficus.relay.internal.shape.TableShape;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/** Reads what {@link EnvelopeWriter} wrote; anything else stops the stream by name (rule R7). */
final class EnvelopeReader {

  private static final String STRANGE =
      "find out who else writes this topic, then roll its group back to PROVISIONED and advance it again, which copies anew";

  private final JsonFactory json =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
          .build();
  private final Map<TableName, TableShape> tables = new HashMap<>();
  private final Set<TableName> leftOut;
  private final JsonScanner scanner = new JsonScanner();
  // Learned from the first change of each table.
  private final List<EnvelopeTemplate> templates = new ArrayList<>();

  /**
   * @param leftOut tables of the stream whose rows are not read, whatever their shape
   */
  EnvelopeReader(List<TableShape> shapes, Set<TableName> leftOut) {
    shapes.forEach(shape -> tables.put(shape.source(), shape));
    this.leftOut = Set.copyOf(leftOut);
  }

  /** The names and values of a JSON object whose values are text. */
  private static final class Fields {
    final List<String> names = new ArrayList<>(16);
    final List<@Nullable String> values = new ArrayList<>(16);
  }

  /** A record's fields, as far as they matter. */
  private static final class Parsed {
    @Nullable String status;
    @Nullable String id;
    long committedAtMillis;
    long changes;
    @Nullable Fields before;
    @Nullable Fields after;
    String schema = "";
    String table = "";
    long lsn;
    @Nullable String op;
    long order;
  }

  TopicRecord read(ConsumerRecord<byte[], byte[]> record) {
    byte[] value = record.value();
    if (value == null) {
      throw strange(record, "is empty");
    }
    EnvelopeTemplate.Filled filled = fill(value);
    if (filled != null) {
      return new TopicRecord.Row(filled.transaction(), filled.order(), change(record, filled));
    }
    TransactionTemplate.Filled transaction = TransactionTemplate.read(scanner, value);
    if (transaction == null) {
      return parsed(record, value);
    }
    return transaction.begins()
        ? begin(record, transaction.transaction(), transaction.committedAtMillis())
        : end(record, transaction.transaction(), transaction.changes());
  }

  private static TopicRecord begin(
      ConsumerRecord<byte[], byte[]> record, String transaction, long committedAtMillis) {
    return new TopicRecord.Begin(
        transaction,
        Instant.ofEpochMilli(committedAtMillis),
        lsn(record, TopicRecord.PREVIOUS_HEADER));
  }

  private static TopicRecord end(
      ConsumerRecord<byte[], byte[]> record, String transaction, long changes) {
    return new TopicRecord.End(transaction, changes, lsn(record, TopicRecord.END_HEADER));
  }

  /** What a general parser makes of it: whatever no template fits. */
  TopicRecord parsed(ConsumerRecord<byte[], byte[]> record, byte[] value) {
    Parsed parsed = parse(record, value);
    String transaction = parsed.id;
    if (transaction == null) {
      throw strange(record, "names no transaction");
    }
    if (parsed.status == null) {
      TableName name = table(record, parsed);
      if (leftOut.contains(name)) {
        return new TopicRecord.Row(transaction, parsed.order, null);
      }
      TableShape table = tables.get(name);
      if (table == null) {
        throw strange(record, "is of table " + name + ", which the stream does not carry");
      }
      Optional<RelayException> other = otherShape(record, table, parsed);
      if (other.isPresent()) {
        return new TopicRecord.OtherShape(transaction, other.get());
      }
      remember(table, value);
      return new TopicRecord.Row(
          transaction, parsed.order, change(record, filled(table, transaction, parsed)));
    }
    return switch (parsed.status) {
      case "BEGIN" -> begin(record, transaction, parsed.committedAtMillis);
      case "END" -> end(record, transaction, parsed.changes);
      default -> throw strange(record, "has a status that is neither BEGIN nor END");
    };
  }

  /** By the template of its table; the one that was used last is tried first. */
  private EnvelopeTemplate.@Nullable Filled fill(byte[] value) {
    for (int i = 0; i < templates.size(); i++) {
      EnvelopeTemplate template = templates.get(i);
      EnvelopeTemplate.Filled filled = template.read(scanner, value);
      if (filled != null) {
        if (i > 0) {
          templates.remove(i);
          templates.add(0, template);
        }
        return filled;
      }
    }
    return null;
  }

  private void remember(TableShape table, byte[] value) {
    if (templates.stream().noneMatch(template -> template.table().equals(table))) {
      EnvelopeTemplate template = EnvelopeTemplate.of(table, value);
      if (template != null) {
        templates.add(template);
      }
    }
  }

  private static TableName table(ConsumerRecord<byte[], byte[]> record, Parsed parsed) {
    if (parsed.schema.isEmpty() || parsed.table.isEmpty()) {
      throw strange(record, "names no table");
    }
    return new TableName(parsed.schema, parsed.table);
  }

  private static EnvelopeTemplate.Filled filled(
      TableShape table, String transaction, Parsed parsed) {
    String op = String.valueOf(parsed.op);
    return new EnvelopeTemplate.Filled(
        table,
        transaction,
        parsed.order,
        parsed.lsn,
        op.length() == 1 ? op.charAt(0) : ' ',
        image(parsed.before),
        image(parsed.after));
  }

  private static @Nullable RowImage image(@Nullable Fields fields) {
    return fields == null ? null : new RowImage(fields.values.toArray(new @Nullable String[0]));
  }

  private static Change change(
      ConsumerRecord<byte[], byte[]> record, EnvelopeTemplate.Filled filled) {
    TableShape table = filled.table();
    Lsn lsn = new Lsn(filled.lsn());
    return switch (filled.op()) {
      case 'c', 'u' -> {
        RowImage image = image(record, table, filled.after());
        yield new Change.Written(
            table,
            lsn,
            image,
            filled.before() == null ? null : key(record, table, filled.before()),
            filled.op() == 'c');
      }
      case 'd' -> new Change.Deleted(table, lsn, key(record, table, filled.before()));
      case 't' -> new Change.Truncated(table, lsn);
      default -> throw strange(record, "has an op that is none of c, u, d and t");
    };
  }

  private static RowImage image(
      ConsumerRecord<byte[], byte[]> record, TableShape table, @Nullable RowImage sent) {
    if (sent == null) {
      throw strange(record, "has no row in its after");
    }
    Header unchanged = record.headers().lastHeader(TopicRecord.UNCHANGED_HEADER);
    if (unchanged == null) {
      return sent;
    }
    int[] places;
    try {
      places =
          List.of(new String(unchanged.value(), StandardCharsets.UTF_8).split(",")).stream()
              .mapToInt(Integer::parseInt)
              .toArray();
    } catch (NumberFormatException e) {
      throw strange(record, "has a header " + TopicRecord.UNCHANGED_HEADER + " without places");
    }
    for (int place : places) {
      if (place < 0
          || place >= table.columns().size()
          || !TopicRecord.UNAVAILABLE.equals(sent.get(place))) {
        throw strange(record, "says of a value that it is unchanged, and has one");
      }
    }
    return sent.without(places);
  }

  private static RowKey key(
      ConsumerRecord<byte[], byte[]> record, TableShape table, @Nullable RowImage before) {
    List<String> values = new ArrayList<>();
    for (int i = 0; i < table.keyIndexes().size(); i++) {
      String value = before == null ? null : before.get(i);
      if (value == null) {
        throw strange(record, "has a key of table " + table.source() + " that is not whole");
      }
      values.add(value);
    }
    return new RowKey(values);
  }

  private static Optional<RelayException> otherShape(
      ConsumerRecord<byte[], byte[]> record, TableShape table, Parsed parsed) {
    return otherShape(record, table, "before", parsed.before, table.key())
        .or(() -> otherShape(record, table, "after", parsed.after, table.columns()));
  }

  private static Optional<RelayException> otherShape(
      ConsumerRecord<byte[], byte[]> record,
      TableShape table,
      String part,
      @Nullable Fields fields,
      List<CarriedColumn> columns) {
    List<String> carried = columns.stream().map(CarriedColumn::name).toList();
    if (fields == null || fields.names.equals(carried)) {
      return Optional.empty();
    }
    return Optional.of(
        strange(
            record,
            "has columns "
                + fields.names
                + " of table "
                + table.source()
                + " in its "
                + part
                + ", while the stream carries "
                + carried));
  }

  private static Lsn lsn(ConsumerRecord<byte[], byte[]> record, String header) {
    Header found = record.headers().lastHeader(header);
    if (found == null) {
      throw strange(record, "has no header " + header);
    }
    try {
      return Lsn.parse(new String(found.value(), StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      throw strange(record, "has a header " + header + " that is no LSN");
    }
  }

  private Parsed parse(ConsumerRecord<byte[], byte[]> record, byte[] value) {
    Parsed parsed = new Parsed();
    try (JsonParser parser = json.createParser(value)) {
      require(parser, parser.nextToken(), JsonToken.START_OBJECT);
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        switch (name) {
          case "status" -> parsed.status = parser.getText();
          case "id" -> parsed.id = parser.getText();
          case "event_count" -> parsed.changes = parser.getValueAsLong();
          case "before" -> parsed.before = fields(parser);
          case "after" -> parsed.after = fields(parser);
          case "source" -> source(parser, parsed);
          case "op" -> parsed.op = parser.getText();
          case "ts_ms" -> parsed.committedAtMillis = parser.getLongValue();
          case "transaction" -> transaction(parser, parsed);
          default -> parser.skipChildren();
        }
      }
    } catch (IOException e) {
      // Jackson's message may quote the text, which holds row values (rule R20).
      throw strange(record, "is not Debezium's envelope");
    }
    return parsed;
  }

  private static @Nullable Fields fields(JsonParser parser) throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_NULL) {
      return null;
    }
    require(parser, parser.currentToken(), JsonToken.START_OBJECT);
    Fields fields = new Fields();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      fields.names.add(parser.currentName());
      JsonToken token = parser.nextToken();
      if (token == JsonToken.VALUE_NULL) {
        fields.values.add(null);
      } else {
        // Only text is exact: a JSON number has a form of its own.
        require(parser, token, JsonToken.VALUE_STRING);
        fields.values.add(parser.getText());
      }
    }
    return fields;
  }

  private static void source(JsonParser parser, Parsed parsed) throws IOException {
    require(parser, parser.currentToken(), JsonToken.START_OBJECT);
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      parser.nextToken();
      switch (name) {
        case "schema" -> parsed.schema = parser.getText();
        case "table" -> parsed.table = parser.getText();
        case "lsn" -> parsed.lsn = parser.getLongValue();
        default -> parser.skipChildren();
      }
    }
  }

  private static void transaction(JsonParser parser, Parsed parsed) throws IOException {
    require(parser, parser.currentToken(), JsonToken.START_OBJECT);
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      parser.nextToken();
      switch (name) {
        case "id" -> parsed.id = parser.getText();
        case "total_order" -> parsed.order = parser.getLongValue();
        default -> parser.skipChildren();
      }
    }
  }

  private static void require(JsonParser parser, @Nullable JsonToken found, JsonToken wanted)
      throws IOException {
    if (!Objects.equals(found, wanted)) {
      throw new JsonParseException(parser, "expected " + wanted);
    }
  }

  static RelayException strange(ConsumerRecord<byte[], byte[]> record, String why) {
    return RelayException.stop(
        "the record at offset "
            + record.offset()
            + " in partition "
            + record.partition()
            + " of topic "
            + record.topic()
            + " "
            + why,
        STRANGE);
  }
}
