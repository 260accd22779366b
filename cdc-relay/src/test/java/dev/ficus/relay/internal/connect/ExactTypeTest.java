package dev.ficus.relay.internal.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ficus.testkit.Rule;
import io.debezium.connector.postgresql.PostgresValueConverter;
import io.debezium.time.Conversions;
import io.debezium.time.Date;
import io.debezium.time.MicroTimestamp;
import io.debezium.time.Timestamp;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What Debezium's own conversions make of values, read back. */
@Rule("R7")
class ExactTypeTest {

  private static final String MICROS = "int64 io.debezium.time.MicroTimestamp";
  private static final String MILLIS = "int64 io.debezium.time.Timestamp";
  private static final String DAYS = "int32 io.debezium.time.Date";
  private static final String ZONED = "string io.debezium.time.ZonedTimestamp";

  private final ObjectMapper json = new ObjectMapper();

  private String text(ExactType type, String called, int modifier, String value) {
    try {
      JsonNode node = json.readTree(value);
      return type.form(called).orElseThrow().text(node, modifier);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private void assertRefused(ExactType type, String called, int modifier, String value) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> text(type, called, modifier, value))
        .withMessageNotContaining(value);
  }

  @Test
  void shouldReadInfinityWhereNothingElseComesSo() {
    assertThat(
            text(
                ExactType.DATE,
                DAYS,
                -1,
                "" + Date.toEpochDay(PostgresValueConverter.POSITIVE_INFINITY_LOCAL_DATE, null)))
        .isEqualTo("infinity");
    assertThat(
            text(
                ExactType.DATE,
                DAYS,
                -1,
                "" + Date.toEpochDay(PostgresValueConverter.NEGATIVE_INFINITY_LOCAL_DATE, null)))
        .isEqualTo("-infinity");
    String micros = micros(PostgresValueConverter.POSITIVE_INFINITY_LOCAL_DATE_TIME);
    String millis = millis(PostgresValueConverter.POSITIVE_INFINITY_LOCAL_DATE_TIME);
    assertThat(micros)
        .as("the same number as a moment that a column holds")
        .isEqualTo(micros(LocalDateTime.of(294247, 1, 10, 4, 0, 25, 200_000_000)));
    assertThat(text(ExactType.TIMESTAMP, MICROS, 0, micros)).isEqualTo("infinity");
    assertThat(text(ExactType.TIMESTAMP, MILLIS, 0, millis)).isEqualTo("infinity");
    for (int precision : new int[] {-1, 1, 3, 6}) {
      assertRefused(ExactType.TIMESTAMP, MICROS, precision, micros);
      assertRefused(ExactType.TIMESTAMP, MILLIS, precision, millis);
    }
    LocalDateTime minus = PostgresValueConverter.NEGATIVE_INFINITY_LOCAL_DATE_TIME;
    assertThat(text(ExactType.TIMESTAMP, MICROS, -1, micros(minus))).isEqualTo("-infinity");
    assertThat(text(ExactType.TIMESTAMP, MILLIS, 3, millis(minus))).isEqualTo("-infinity");
    assertThat(text(ExactType.TIMESTAMPTZ, ZONED, -1, "\"-infinity\"")).isEqualTo("-infinity");
  }

  private static String micros(LocalDateTime time) {
    return Long.toString(MicroTimestamp.toEpochMicros(time, null));
  }

  private static String millis(LocalDateTime time) {
    return Long.toString(Timestamp.toEpochMillis(time, null));
  }

  @Test
  void shouldRefuseTimestampsBeyondWhatDebeziumCounts() {
    LocalDateTime last = LocalDateTime.of(294247, 1, 10, 4, 0, 54, 775_806_000);
    assertThat(text(ExactType.TIMESTAMP, MICROS, -1, micros(last)))
        .isEqualTo("294247-01-10 04:00:54.775806");
    for (LocalDateTime later = last.plusNanos(1000);
        later.getYear() < 294277;
        later = later.plusDays(1).plusNanos(1000)) {
      assertRefused(ExactType.TIMESTAMP, MICROS, -1, micros(later));
      assertRefused(ExactType.TIMESTAMP, MICROS, -1, micros(later.withNano(0).plusMinutes(1)));
    }
    assertRefused(
        ExactType.TIMESTAMP, MICROS, -1, micros(LocalDateTime.of(-4713, 11, 23, 23, 59, 59)));
    assertThat(text(ExactType.TIMESTAMP, MILLIS, 0, millis(LocalDateTime.of(294276, 12, 31, 0, 0))))
        .isEqualTo("294276-12-31 00:00:00");
  }

  @Test
  void shouldRefuseWhatIsFinerThanItsColumn() {
    assertThat(text(ExactType.TIMESTAMP, MICROS, 3, "1001000"))
        .isEqualTo("1970-01-01 00:00:01.001");
    assertRefused(ExactType.TIMESTAMP, MICROS, 3, "1001100");
    assertRefused(ExactType.TIMESTAMP, MILLIS, 2, "1001");
    assertRefused(ExactType.TIMESTAMP, MILLIS, -1, "1001");
    assertRefused(ExactType.TIME, "int32 io.debezium.time.Time", 6, "1000");
    assertRefused(ExactType.TIME, "int64 io.debezium.time.MicroTime", 6, "86400000001");
    assertRefused(ExactType.TIMESTAMPTZ, ZONED, 1, "\"2024-01-01T00:00:00.120Z\"");
    assertRefused(ExactType.BIT, "bytes io.debezium.data.Bits", 7, "\"gA==\"");
  }

  @ParameterizedTest
  @CsvSource({
    "2024-02-29T01:02:03.456789Z, 2024-02-29 01:02:03.456789+00",
    "2024-02-29T01:02:00.120000+13:45, 2024-02-28 11:17:00.12+00",
    "+294276-12-31T23:59:59.999999Z, 294276-12-31 23:59:59.999999+00",
    "-4713-11-24T00:00:00Z, 4714-11-24 00:00:00+00 BC",
    "0000-12-31T23:59:59Z, 0001-12-31 23:59:59+00 BC",
    "-0001-01-01T00:00:00+01:00, 0003-12-31 23:00:00+00 BC",
  })
  void shouldReadMomentsInUtc(String comes, String text) {
    assertThat(text(ExactType.TIMESTAMPTZ, ZONED, -1, '"' + comes + '"')).isEqualTo(text);
  }

  @Test
  void shouldWriteRangesInUtcWhateverZoneTheyComeIn() {
    assertThat(
            text(
                ExactType.TSTZRANGE,
                "string",
                -1,
                "\"[\\\"0001-01-01 12:13:47.5+12:13:48\\\",\\\"2024-06-01 12:45:00+12:45\\\")\""))
        .isEqualTo("[\"0001-12-31 23:59:59.5+00 BC\",\"2024-06-01 00:00:00+00\")");
    assertThat(text(ExactType.TSTZRANGE, "string", -1, "\"[-infinity,infinity]\""))
        .isEqualTo("[-infinity,infinity]");
  }

  @Test
  void shouldReadTimestampsAsTheyWere() {
    Random random = new Random(1);
    DateTimeFormatter format = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSSSSS");
    for (int i = 0; i < 20_000; i++) {
      long micros = random.nextLong(-62_135_596_800_000_000L, 253_402_300_800_000_000L);
      LocalDateTime time =
          LocalDateTime.ofInstant(
              Conversions.toInstantFromMicros(micros), java.time.ZoneOffset.UTC);
      String text = time.format(format).replaceFirst("\\.?0*$", "");
      assertThat(text(ExactType.TIMESTAMP, MICROS, -1, micros(time))).isEqualTo(text);
    }
  }

  @Test
  void shouldReadEveryFloatAsItWas() {
    Random random = new Random(2);
    for (int i = 0; i < 500_000; i++) {
      assertFloat(Float.intBitsToFloat(random.nextInt()));
    }
    assertFloat(-0.0f);
    assertFloat(Float.MIN_VALUE);
    assertFloat(Float.MAX_VALUE);
    assertThat((float) 7.038531E-26).isNotEqualTo(7.038531E-26f);
    assertThat(text(ExactType.FLOAT4, "float", -1, "7.038531E-26"))
        .as("rounded to a double, then to a float, it is another one")
        .isEqualTo(Float.toString(7.038531E-26f));
    assertThat(text(ExactType.FLOAT8, "double", -1, "-0.0")).isEqualTo("-0.0");
    assertThat(text(ExactType.FLOAT8, "double", -1, "4.9E-324")).isEqualTo("4.9E-324");
    assertThat(text(ExactType.FLOAT8, "double", -1, "\"NaN\"")).isEqualTo("NaN");
    assertRefused(ExactType.FLOAT8, "double", -1, "\"1.5\"");
  }

  private void assertFloat(float value) {
    String written = Float.isFinite(value) ? Float.toString(value) : "\"" + value + "\"";
    String read = text(ExactType.FLOAT4, "float", -1, written);
    assertThat(Float.floatToIntBits(Float.parseFloat(read)))
        .as(written)
        .isEqualTo(Float.floatToIntBits(value));
  }

  @ParameterizedTest
  @CsvSource({
    "'{}', ''",
    "'{\"a\":null,\"b\":\"NULL\"}', '\"a\"=>NULL, \"b\"=>\"NULL\"'",
    "'{\"\\\"\":\"\\\\\"}', '\"\\\"\"=>\"\\\\\"'",
  })
  void shouldWriteHstore(String object, String text) throws JsonProcessingException {
    String value = json.writeValueAsString(object);
    assertThat(text(ExactType.HSTORE, "string io.debezium.data.Json", -1, value)).isEqualTo(text);
  }

  @Test
  void shouldRefuseWhatIsNoHstore() {
    for (String other : new String[] {"[]", "{\"a\":1}", "{\"a\":{}}", "{} {}", "{"}) {
      assertRefused(
          ExactType.HSTORE,
          "string io.debezium.data.Json",
          -1,
          '"' + other.replace("\"", "\\\"") + '"');
    }
  }

  @Test
  void shouldNotReadWhatComesByAnotherName() {
    assertThat(ExactType.TIMESTAMP.form("int64 io.debezium.time.NanoTimestamp")).isEmpty();
    assertThat(ExactType.TIMESTAMP.form("int64 org.apache.kafka.connect.data.Timestamp")).isEmpty();
    assertThat(ExactType.DATE.form("int32 org.apache.kafka.connect.data.Date")).isEmpty();
    assertThat(ExactType.BYTEA.form("string")).isEmpty();
    assertThat(ExactType.NUMERIC.form("double")).isEmpty();
    assertThat(ExactType.builtIn("citext", -1)).isEmpty();
    assertThat(ExactType.builtIn("", -1)).isEmpty();
    assertThat(ExactType.builtIn("bit", -1)).as("of any length").isEmpty();
    assertThat(ExactType.builtIn("bit", 1)).contains(ExactType.BIT);
    assertThat(ExactType.ofExtension("ltree", "lquery")).isEmpty();
  }
}
