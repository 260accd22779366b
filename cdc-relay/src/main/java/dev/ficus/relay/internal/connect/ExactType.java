package dev.ficus.relay.internal.connect;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/**
 * The types whose values Debezium's connector and Kafka Connect's JSON were seen to bring exactly,
 * each with what a record's schema calls it.
 *
 * <p>A record's schema is looked at rather than the connector's settings: a number that comes as a
 * double, or as the bytes of a decimal, is named so there and nowhere else.
 */
enum ExactType {
  INTEGER("int4", "int32") {
    @Override
    String text(JsonNode value) {
      return integer(value);
    }
  },
  BIGINT("int8", "int64") {
    @Override
    String text(JsonNode value) {
      return integer(value);
    }
  },
  NUMERIC("numeric", "string") {
    @Override
    String text(JsonNode value) {
      String text = string(value);
      String special = NOT_FINITE.get(text);
      return special != null ? special : new BigDecimal(text).toPlainString();
    }
  },
  TEXT("text", "string"),
  ENUM("", "string io.debezium.data.Enum");

  private static final Map<String, String> NOT_FINITE =
      Map.of("NAN", "NaN", "POSITIVE_INFINITY", "Infinity", "NEGATIVE_INFINITY", "-Infinity");

  private final String type;
  private final String schema;

  /**
   * @param type its name among PostgreSQL's own types; empty for those that users make
   * @param schema what a record's schema calls it: Kafka Connect's type, then its own name for it,
   *     if it has one
   */
  ExactType(String type, String schema) {
    this.type = type;
    this.schema = schema;
  }

  /** The type of PostgreSQL's own that has this name. */
  static Optional<ExactType> named(String type) {
    return Arrays.stream(values()).filter(it -> it.type.equals(type)).findFirst();
  }

  boolean isCalled(String called) {
    return called.equals(schema);
  }

  /**
   * A value as PostgreSQL takes it in.
   *
   * @throws IllegalArgumentException if the value is none of the type's
   */
  String text(JsonNode value) {
    return string(value);
  }

  private static void require(boolean condition) {
    if (!condition) {
      throw new IllegalArgumentException("not a value of its type");
    }
  }

  private static String string(JsonNode value) {
    require(value.isTextual());
    return value.textValue();
  }

  private static String integer(JsonNode value) {
    require(value.isIntegralNumber() && value.canConvertToLong());
    return value.asText();
  }
}
