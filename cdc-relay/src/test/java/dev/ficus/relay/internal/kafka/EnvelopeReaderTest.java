package dev.ficus.relay.internal.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.capture.Change;
import dev.ficus.relay.internal.capture.RowImage;
import dev.ficus.relay.internal.capture.RowKey;
import dev.ficus.relay.internal.shape.CarriedColumn;
import dev.ficus.relay.internal.shape.TableShape;
import dev.ficus.testkit.Rule;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Rule("R7")
class EnvelopeReaderTest {

  private static final String[] PIECES = {
    "a",
    "Z",
    "0",
    " ",
    "\"",
    "\\",
    "\n",
    "\u0001",
    "é",
    "\u20ac",
    "\ud83d\ude00",
    "\ufffd",
    "{",
    ",\"source\":{",
    ",\"ts_ms\":",
    "null",
    "__debezium_unavailable_value"
  };

  // The second has the columns of the first, and both have names that the envelope has too.
  private static final List<TableShape> TABLES =
      List.of(
          table("one", "id", "source", "ts_ms"),
          table("two", "id", "source", "ts_ms"),
          table("three", "a\"b", "é"));

  private static TableShape table(String name, String... columns) {
    TableName table = new TableName("public", name);
    List<CarriedColumn> carried = new ArrayList<>();
    for (String column : columns) {
      carried.add(new CarriedColumn(column, "text"));
    }
    return new TableShape(table, table, carried, List.of(0), true, Optional.empty());
  }

  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(6); i > 0; i--) {
      // Most texts need no escape.
      text.append(random.nextInt(4) > 0 ? "plain" : PIECES[random.nextInt(PIECES.length)]);
    }
    return text.toString();
  }

  private static Change change(Random random) {
    TableShape table = TABLES.get(random.nextInt(TABLES.size()));
    Lsn lsn = new Lsn(random.nextInt(Integer.MAX_VALUE));
    @Nullable String[] values = new String[table.columns().size()];
    values[0] = text(random);
    for (int i = 1; i < values.length; i++) {
      values[i] = random.nextInt(5) == 0 ? null : text(random);
    }
    RowKey key = new RowKey(List.of(text(random)));
    return switch (random.nextInt(8)) {
      case 0 -> new Change.Deleted(table, lsn, key);
      case 1 -> new Change.Truncated(table, lsn);
      case 2 -> new Change.Written(table, lsn, new RowImage(values), key, false);
      default -> new Change.Written(table, lsn, new RowImage(values), null, random.nextBoolean());
    };
  }

  private static ConsumerRecord<byte[], byte[]> record(byte[] value) {
    ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>("topic", 0, 7, new byte[0], value);
    for (String header : List.of(TopicRecord.PREVIOUS_HEADER, TopicRecord.END_HEADER)) {
      record.headers().add(header, "0/9".getBytes(StandardCharsets.UTF_8));
    }
    return record;
  }

  /** What a reader makes of a record, in words. */
  private static String read(EnvelopeReader reader, byte[] value) {
    return inWords(() -> reader.read(record(value)));
  }

  private static String inWords(Supplier<TopicRecord> reading) {
    try {
      TopicRecord read = reading.get();
      if (read instanceof TopicRecord.OtherShape) {
        return "refused";
      }
      return read instanceof TopicRecord.Row row
          ? row.transaction()
              + " "
              + row.order()
              + " "
              + described(Objects.requireNonNull(row.change()))
          : read.toString();
    } catch (RelayException e) {
      return "refused";
    }
  }

  private static String described(Change change) {
    StringBuilder text =
        new StringBuilder(change.getClass().getSimpleName())
            .append(change.table().source())
            .append(change.lsn());
    if (change instanceof Change.Written written) {
      for (int i = 0; i < written.table().columns().size(); i++) {
        text.append('|').append(written.image().get(i));
      }
      text.append(written.before()).append(written.inserted());
    } else if (change instanceof Change.Deleted deleted) {
      text.append(deleted.key());
    }
    return text.toString();
  }

  @Test
  void shouldGiveBackWhateverWasWritten() {
    Random random = new Random(11);
    EnvelopeWriter writer = new EnvelopeWriter("ficus", "store");
    EnvelopeReader reader = new EnvelopeReader(TABLES, Set.of());
    for (int transaction = 1; transaction <= 400; transaction++) {
      writer.begin(transaction + ":9", Instant.ofEpochMilli(1_700_000_000_000L + transaction));
      for (int order = 1; order <= 10; order++) {
        Change change = change(random);

        assertThat(read(reader, writer.change(change)))
            .isEqualTo(transaction + ":9 " + order + " " + described(change));
      }
    }
  }

  /**
   * What takes the parser costs ten times as much; JSON and texts of many lines are no rare values.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {"", "plain", "{\"a\": \"b\\\\c\"}", "two\nlines\t\u007f", "é\"€\ud83d\ude00\\"})
  void shouldReadEveryTextByTheTemplate(String text) {
    TableShape table = TABLES.get(0);
    EnvelopeWriter writer = new EnvelopeWriter("ficus", "store");
    writer.begin("1:9", Instant.EPOCH);
    byte[] envelope =
        writer.change(
            new Change.Written(
                table, new Lsn(7), new RowImage(new String[] {text, text, text}), null, true));

    EnvelopeTemplate template = Objects.requireNonNull(EnvelopeTemplate.of(table, envelope));
    EnvelopeTemplate.Filled filled = template.read(new JsonScanner(), envelope);

    assertThat(Objects.requireNonNull(Objects.requireNonNull(filled).after()).get(2))
        .isEqualTo(text);
  }

  @Test
  void shouldReadTheEndsOfTransactionsByTheTemplate() {
    EnvelopeWriter writer = new EnvelopeWriter("ficus", "store");
    JsonScanner scanner = new JsonScanner();

    byte[] begin = writer.begin("1:9", Instant.ofEpochMilli(5));
    byte[] empty = writer.end();
    writer.begin("2:11", Instant.ofEpochMilli(6));
    Random random = new Random(13);
    for (int i = 0; i < 50; i++) {
      writer.change(change(random));
    }

    assertThat(TransactionTemplate.read(scanner, begin))
        .isEqualTo(new TransactionTemplate.Filled(true, "1:9", 5, 0));
    assertThat(TransactionTemplate.read(scanner, empty))
        .isEqualTo(new TransactionTemplate.Filled(false, "1:9", 5, 0));
    assertThat(TransactionTemplate.read(scanner, writer.end()))
        .isEqualTo(new TransactionTemplate.Filled(false, "2:11", 6, 50));
  }

  /** A template may not take what the parser refuses, nor make something else of it. */
  @Test
  void shouldReadDamagedRecordsAsTheParserDoes() {
    Random random = new Random(12);
    EnvelopeWriter writer = new EnvelopeWriter("ficus", "store");
    EnvelopeReader practised = new EnvelopeReader(TABLES, Set.of());
    // Of the same past: Jackson takes a name that ends in a byte 0xff and two letters for a known
    // one without that byte.
    EnvelopeReader general = new EnvelopeReader(TABLES, Set.of());
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] begin = writer.begin(i + ":9", Instant.ofEpochMilli(1_700_000_000_000L));
      byte[] change = writer.change(change(random));
      byte[] whole = List.of(begin, change, change, change, writer.end()).get(random.nextInt(5));
      read(practised, whole);
      byte[] damaged = damaged(random, whole);

      String parsed = inWords(() -> general.parsed(record(damaged), damaged));
      assertThat(read(practised, damaged))
          .as(() -> new String(damaged, StandardCharsets.UTF_8))
          .isEqualTo(parsed);
      refused += parsed.equals("refused") ? 1 : 0;
    }
    assertThat(refused).isBetween(5_000, 19_000);
  }

  private static byte[] damaged(Random random, byte[] whole) {
    byte[] damaged = whole.clone();
    int place = random.nextInt(damaged.length);
    switch (random.nextInt(5)) {
      case 0 -> damaged[place] = (byte) random.nextInt(256);
      case 1 -> damaged[place] = (byte) "0\"{},:n\\".charAt(random.nextInt(8));
      case 2 -> damaged[place] = damaged[random.nextInt(damaged.length)];
      case 3 -> {
        // Often at the end: there a record may look whole.
        int before = random.nextBoolean() ? damaged.length : place;
        byte[] longer = new byte[damaged.length + 1];
        System.arraycopy(damaged, 0, longer, 0, before);
        longer[before] = (byte) "0\"{},:n ".charAt(random.nextInt(8));
        System.arraycopy(damaged, before, longer, before + 1, damaged.length - before);
        damaged = longer;
      }
      default -> {
        byte[] shorter = new byte[damaged.length - 1];
        System.arraycopy(damaged, 0, shorter, 0, place);
        System.arraycopy(damaged, place + 1, shorter, place, shorter.length - place);
        damaged = shorter;
      }
    }
    return damaged;
  }
}
