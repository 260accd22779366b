package dev.ficus.relay.internal.capture;

import io.debezium.connector.postgresql.UnchangedToastedReplicationMessageColumn;
import io.debezium.data.SpecialValueDecimal;
import io.debezium.spi.converter.CustomConverter;
import io.debezium.spi.converter.RelationalColumn;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.Properties;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.jspecify.annotations.Nullable;

/**
 * Has Debezium hand over every column as PostgreSQL's own text.
 *
 * <p>Debezium's converters lose things: an unchanged TOAST value of a type without placeholder
 * becomes null, timestamps get a precision, null in a column with a default reads as the default.
 * Here each value becomes the text that the target parses, and an unchanged TOAST value becomes
 * {@link #UNCHANGED}, which is recognised by identity and so can equal no row's value.
 */
public final class TextConverter implements CustomConverter<SchemaBuilder, RelationalColumn> {

  /** Stands for "as it was before"; compare by identity. */
  // A new object on purpose: an interned constant could be the value of some row.
  @SuppressWarnings("StringOperationCanBeSimplified")
  public static final String UNCHANGED = new String("unchanged");

  /** Debezium makes it by name. */
  public TextConverter() {}

  @Override
  public void configure(Properties properties) {}

  @Override
  public void converterFor(
      RelationalColumn column, ConverterRegistration<SchemaBuilder> registration) {
    // Optional throughout: the old image of a delete holds null in every column but the key's.
    registration.register(SchemaBuilder.string().optional(), input -> text(input));
  }

  // Debezium's interface predates annotations for null.
  @SuppressWarnings("NullAway")
  private static @Nullable String text(@Nullable Object value) {
    if (value == null) {
      return null;
    }
    if (UnchangedToastedReplicationMessageColumn.isUnchangedToastedValue(value)) {
      return UNCHANGED;
    }
    if (value instanceof String text) {
      return text;
    }
    if (value instanceof Integer || value instanceof Long || value instanceof Short) {
      return value.toString();
    }
    if (value instanceof Boolean bool) {
      return bool ? "t" : "f";
    }
    if (value instanceof SpecialValueDecimal decimal) {
      // The double stands for NaN and the infinities only.
      return decimal
          .getDecimalValue()
          .map(java.math.BigDecimal::toPlainString)
          .orElseGet(() -> Double.toString(decimal.toDouble()));
    }
    if (value instanceof Float || value instanceof Double) {
      return value.toString();
    }
    if (value instanceof OffsetDateTime time) {
      return PostgresTime.timestampWithZone(time);
    }
    if (value instanceof Instant time) {
      return PostgresTime.timestamp(time);
    }
    if (value instanceof LocalDate date) {
      return PostgresTime.date(date);
    }
    if (value instanceof byte[] bytes) {
      return "\\x" + java.util.HexFormat.of().formatHex(bytes);
    }
    // Only columns' defaults come as anything else, and nobody reads them: the types of carried
    // columns have been verified.
    return value.toString();
  }
}
