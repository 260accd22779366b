package dev.ficus.relay.internal.connect;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The types whose values Debezium's connector and Kafka Connect's JSON bring exactly, each with
 * what a record's schema calls it.
 *
 * <p>A record's schema is looked at rather than the connector's settings: a number that comes as a
 * double, or as the bytes of a decimal, is named so there and nowhere else.
 */
enum ExactType {
  BOOLEAN("bool", "boolean") {
    @Override
    String text(JsonNode value) {
      require(value.isBoolean());
      return value.booleanValue() ? "t" : "f";
    }
  },
  SMALLINT("int2", "int16") {
    @Override
    String text(JsonNode value) {
      return integer(value);
    }
  },
  INTEGER("int4", "int32") {
    @Override
    String text(JsonNode value) {
      return integer(value);
    }
  },
  BIGINT("int8 oid", "int64") {
    @Override
    String text(JsonNode value) {
      return integer(value);
    }
  },
  REAL("float4", "float") {
    @Override
    String text(JsonNode value) {
      return floating(value);
    }
  },
  DOUBLE("float8", "double") {
    @Override
    String text(JsonNode value) {
      return floating(value);
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
  TEXT(
      "text varchar bpchar inet cidr macaddr macaddr8 int4range int8range numrange daterange tsrange tstzrange",
      "string"),
  UUID("uuid", "string io.debezium.data.Uuid"),
  JSON("json jsonb", "string io.debezium.data.Json"),
  ENUM("", "string io.debezium.data.Enum"),
  BYTEA("bytea", "bytes") {
    @Override
    String text(JsonNode value) {
      require(value.isTextual());
      try {
        return "\\x" + HexFormat.of().formatHex(value.binaryValue());
      } catch (IOException e) {
        throw new IllegalArgumentException("no base64", e);
      }
    }
  },
  DATE("date", "int32 io.debezium.time.Date") {
    @Override
    String text(JsonNode value) {
      require(value.isIntegralNumber() && value.canConvertToInt());
      return switch (value.intValue()) {
        case Integer.MAX_VALUE -> "infinity";
        case Integer.MIN_VALUE -> "-infinity";
        default -> {
          LocalDate day = LocalDate.ofEpochDay(value.intValue());
          yield day(day) + era(day);
        }
      };
    }
  },
  TIMESTAMP("timestamp", "int64 io.debezium.time.MicroTimestamp") {
    /** Milliseconds are what columns of such a precision come as. */
    @Override
    boolean isCalled(String called) {
      return super.isCalled(called) || called.equals("int64 io.debezium.time.Timestamp");
    }

    @Override
    String text(JsonNode value) {
      throw new IllegalStateException("the unit is in the schema");
    }

    @Override
    String text(JsonNode value, String called) {
      require(value.isIntegralNumber() && value.canConvertToLong());
      long perSecond = called.endsWith(".MicroTimestamp") ? 1_000_000 : 1_000;
      long units = value.longValue();
      LocalDateTime moment =
          LocalDateTime.ofEpochSecond(
              Math.floorDiv(units, perSecond),
              (int) (Math.floorMod(units, perSecond) * (1_000_000_000 / perSecond)),
              ZoneOffset.UTC);
      // Past this year Debezium's number wraps around, and infinity is a number like any other.
      require(moment.getYear() <= LAST_YEAR);
      return moment(moment, "");
    }
  },
  TIMESTAMPTZ("timestamptz", "string io.debezium.time.ZonedTimestamp") {
    @Override
    String text(JsonNode value) {
      String text = string(value);
      return text.equals("infinity") || text.equals("-infinity")
          ? text
          : moment(
              OffsetDateTime.parse(text).withOffsetSameInstant(ZoneOffset.UTC).toLocalDateTime(),
              "+00");
    }
  };

  private static final Map<String, String> NOT_FINITE =
      Map.of("NAN", "NaN", "POSITIVE_INFINITY", "Infinity", "NEGATIVE_INFINITY", "-Infinity");
  private static final Set<String> FLOATS = Set.of("NaN", "Infinity", "-Infinity");
  private static final int LAST_YEAR = 294_246;
  private static final LocalDate FIRST = LocalDate.of(-4713, 11, 24);
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSS");

  private final String names;
  private final String schema;

  /**
   * @param names of PostgreSQL's own types, with spaces between them
   * @param schema what a record's schema calls it: Kafka Connect's type, then its own name for it,
   *     if it has one
   */
  ExactType(String names, String schema) {
    this.names = names;
    this.schema = schema;
  }

  /** The type of PostgreSQL's own that has this name. */
  static Optional<ExactType> named(String type) {
    return Arrays.stream(values())
        .filter(it -> List.of(it.names.split(" ")).contains(type))
        .findFirst();
  }

  boolean isCalled(String called) {
    return called.equals(schema);
  }

  /**
   * A value as PostgreSQL takes it in.
   *
   * @param called what the record's schema calls its type
   * @throws IllegalArgumentException if the value is none of the type's
   * @throws DateTimeException if it is no time
   */
  String text(JsonNode value, String called) {
    return text(value);
  }

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

  private static String floating(JsonNode value) {
    if (value.isTextual()) {
      require(FLOATS.contains(value.textValue()));
      return value.textValue();
    }
    require(value.isNumber());
    return value.asText();
  }

  private static String moment(LocalDateTime moment, String zone) {
    LocalDate day = moment.toLocalDate();
    return day(day) + " " + TIME.format(moment) + zone + era(day);
  }

  private static String era(LocalDate day) {
    return day.getYear() > 0 ? "" : " BC";
  }

  /** Without the era. PostgreSQL has no dates before the first Julian day. */
  private static String day(LocalDate day) {
    require(!day.isBefore(FIRST));
    int year = day.getYear() > 0 ? day.getYear() : 1 - day.getYear();
    return String.format(
        Locale.ROOT, "%04d-%02d-%02d", year, day.getMonthValue(), day.getDayOfMonth());
  }
}
