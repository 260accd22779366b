package dev.ficus.relay.internal.connect;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The types whose values Debezium's connector and Kafka Connect's JSON were seen to bring exactly,
 * each with what a record's schema calls it and how its values are read then.
 *
 * <p>A record's schema is looked at rather than the connector's settings: a number that comes as a
 * double, or as the bytes of a decimal, is named so there and nowhere else. A type may have several
 * names, since {@code time.precision.mode} and the column's own precision choose among them.
 *
 * <p>Where Debezium has no value for a type, it writes null without a word, as for {@code name};
 * where it drops a part of one, nothing tells, as with the lower bound of an array. Neither kind is
 * here.
 */
enum ExactType {
  BOOL("bool", as("boolean", ValueText::bool)),
  INT2("int2", as("int16", ValueText::integer)),
  INT4("int4", as("int32", ValueText::integer)),
  INT8("int8", as("int64", ValueText::integer)),
  OID("oid", as("int64", ValueText::integer)),
  FLOAT4("float4", as("float", ValueText::float4)),
  FLOAT8("float8", as("double", ValueText::float8)),
  NUMERIC("numeric", as("string", ValueText::numeric)),
  TEXT("text", as("string", ValueText::string)),
  VARCHAR("varchar", as("string", ValueText::string)),
  BPCHAR("bpchar", as("string", ValueText::string)),
  CHAR("char", as("string", ValueText::string)),
  UUID("uuid", as("string io.debezium.data.Uuid", ValueText::string)),
  JSON("json", as("string io.debezium.data.Json", ValueText::string)),
  JSONB("jsonb", as("string io.debezium.data.Json", ValueText::string)),
  XML("xml", as("string io.debezium.data.Xml", ValueText::string)),
  TSVECTOR("tsvector", as("string io.debezium.data.Tsvector", ValueText::string)),
  BYTEA("bytea", as("bytes", ValueText::bytea)),
  BIT("bit", Map.of("boolean", ValueText::bit, "bytes io.debezium.data.Bits", ValueText::bits)),
  DATE("date", as("int32 io.debezium.time.Date", TimeText::date)),
  TIME(
      "time",
      Map.of(
          "int32 io.debezium.time.Time",
          TimeText::timeOfMillis,
          "int64 io.debezium.time.MicroTime",
          TimeText::timeOfMicros)),
  TIMESTAMP(
      "timestamp",
      Map.of(
          "int64 io.debezium.time.Timestamp",
          TimeText::timestampOfMillis,
          "int64 io.debezium.time.MicroTimestamp",
          TimeText::timestampOfMicros)),
  TIMESTAMPTZ(
      "timestamptz", Map.of("string io.debezium.time.ZonedTimestamp", TimeText::timestamptz)),
  INET("inet", as("string", ValueText::string)),
  CIDR("cidr", as("string", ValueText::string)),
  MACADDR("macaddr", as("string", ValueText::string)),
  MACADDR8("macaddr8", as("string", ValueText::string)),
  INT4RANGE("int4range", as("string", ValueText::string)),
  INT8RANGE("int8range", as("string", ValueText::string)),
  NUMRANGE("numrange", as("string", ValueText::string)),
  DATERANGE("daterange", as("string", ValueText::string)),
  TSRANGE("tsrange", as("string", ValueText::string)),
  TSTZRANGE("tstzrange", as("string", TimeText::tstzrange)),
  CITEXT("citext", as("string", ValueText::string)),
  LTREE("ltree", as("string io.debezium.data.Ltree", ValueText::string)),
  HSTORE("hstore", as("string io.debezium.data.Json", HstoreText::of)),
  ENUM("", as("string io.debezium.data.Enum", ValueText::string));

  private static final List<ExactType> OF_EXTENSIONS = List.of(CITEXT, LTREE, HSTORE);

  private final String type;

  // The map is a copy that nobody changes, and its functions hold nothing.
  @SuppressWarnings("ImmutableEnumChecker")
  private final Map<String, Form> forms;

  /**
   * @param type its name among PostgreSQL's own types, or that of the extension and of the type;
   *     empty for those that users make
   * @param forms by what a record's schema calls them: Kafka Connect's type, then its own name for
   *     it, if it has one
   */
  ExactType(String type, Map<String, Form> forms) {
    this.type = type;
    this.forms = Map.copyOf(forms);
  }

  /** How a record writes values. */
  @FunctionalInterface
  interface Form {

    /**
     * A value as PostgreSQL writes it.
     *
     * @param modifier that of the column's type, such as its precision; -1 for none
     * @throws IllegalArgumentException if that cannot be known, or is none of the type's
     */
    String text(JsonNode value, int modifier);
  }

  /** A form that does not depend on the modifier. */
  @FunctionalInterface
  private interface PlainForm {
    String text(JsonNode value);
  }

  private static Map<String, Form> as(String called, PlainForm form) {
    return Map.of(called, (value, modifier) -> form.text(value));
  }

  /** The type of PostgreSQL's own that has this name and modifier. */
  static Optional<ExactType> builtIn(String name, int modifier) {
    for (ExactType type : values()) {
      if (type != ENUM && !OF_EXTENSIONS.contains(type) && type.type.equals(name)) {
        // Without a length of its column, how many zeros a value begins with is lost.
        return type == BIT && modifier < 1 ? Optional.empty() : Optional.of(type);
      }
    }
    return Optional.empty();
  }

  /** The type of an extension that bears its name. */
  static Optional<ExactType> ofExtension(String extension, String name) {
    return OF_EXTENSIONS.stream()
        .filter(type -> type.type.equals(extension) && type.type.equals(name))
        .findFirst();
  }

  /** How values come that a record's schema calls so; empty if not exactly. */
  Optional<Form> form(String called) {
    return Optional.ofNullable(forms.get(called));
  }
}
