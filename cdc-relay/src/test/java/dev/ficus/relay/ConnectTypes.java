package dev.ficus.relay;

import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TypeCases;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Tables of the types that come exactly over Kafka Connect: those of {@link TypeCases}, and ones
 * for the edges of Debezium and of keys.
 */
final class ConnectTypes {

  /** Has no value that may be stored outside its rows, and the default replica identity. */
  static final String WITHOUT_OLD_ROWS = "edge_without_old_rows";

  private static final String CASE = "case_";
  private static final String EDGE = "edge_";
  private static final String KEY = "key_";
  private static final String OUTSIDE = "edge_outside";

  private static final Set<String> CARRIED =
      Set.of(
          "bool",
          "int2",
          "int4",
          "int8",
          "float4",
          "float8",
          "numeric",
          "numeric_scaled",
          "numeric_rounded",
          "oid",
          "text",
          "varchar",
          "varchar_unbounded",
          "bpchar",
          "bpchar_unbounded",
          "char1",
          "bytea",
          "uuid",
          "json",
          "jsonb",
          "xml",
          "date",
          "time",
          "time0",
          "timestamp",
          "timestamp3",
          "timestamptz",
          "timestamptz0",
          "inet",
          "cidr",
          "macaddr",
          "macaddr8",
          "bit",
          "bit1",
          "tsvector",
          "int4range",
          "int8range",
          "numrange",
          "daterange",
          "tsrange",
          "tstzrange",
          "enum_mood",
          "domain_percent",
          "domain_short",
          "domain_email",
          "domain_flag",
          "domain_day",
          "hstore",
          "citext",
          "ltree",
          "large_text",
          "large_bytea",
          "large_jsonb",
          "large_tsvector",
          "large_external");

  private static final List<String> MOMENTS =
      List.of(
          "1582-10-04 23:59:59.999999",
          "1582-10-05 00:00:00",
          "1582-10-14 12:00:00.5",
          "1582-10-15 00:00:00.000001",
          "1500-02-28 23:59:59.999999",
          "1900-02-28 23:59:59.123456",
          "0001-01-01 00:00:00",
          "0001-12-31 23:59:59.999999 BC",
          "0005-02-29 12:34:56.789 BC",
          "4714-11-24 00:00:00 BC",
          "1969-12-31 23:59:59.999999",
          "1970-01-01 00:00:00",
          "2024-02-29 23:59:59.987654",
          "12024-01-01 00:00:00.1",
          "294246-12-31 23:59:59.999999",
          "-infinity");

  private static final Map<String, List<String>> EDGES = edges();

  private static final Map<String, List<String>> KEYS =
      Map.ofEntries(
          Map.entry("boolean", List.of("t", "f")),
          Map.entry("int2", List.of("-1", "2", "32767")),
          Map.entry("oid", List.of("0", "4294967295", "7")),
          Map.entry("float4", List.of("NaN", "-0.5", "1e-45", "Infinity")),
          Map.entry("float8", List.of("NaN", "0.1", "-Infinity", "5e-324")),
          Map.entry("numeric(10,2)", List.of("1.10", "-0.01", "NaN")),
          Map.entry("text", List.of("", "null", "é ", "\\x")),
          Map.entry("varchar(9)", List.of("a", "a ", "")),
          Map.entry("char(5)", List.of("a", "", "漢字")),
          Map.entry(
              "uuid",
              List.of(
                  "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-4fff-bfff-ffffffffffff")),
          Map.entry("bytea", List.of("", "\\x00ff", "\\x5c")),
          Map.entry("date", List.of("infinity", "-infinity", "0044-03-15 BC", "2024-02-29")),
          Map.entry("time(3)", List.of("24:00:00", "00:00:00", "12:34:56.789")),
          Map.entry(
              "timestamp(3)",
              List.of("-infinity", "2024-02-29 12:34:56.789", "1582-10-10 00:00:00")),
          Map.entry(
              "timestamp", List.of("-infinity", "2024-02-29 12:34:56.789012", "0044-03-15 BC")),
          Map.entry(
              "timestamptz",
              List.of("infinity", "2024-10-27 00:30:00+00", "0044-03-15 00:00:00+00 BC")),
          Map.entry("inet", List.of("10.0.0.1/8", "10.0.0.1", "::1")),
          Map.entry("cidr", List.of("10.0.0.0/8", "::/0")),
          Map.entry("macaddr", List.of("08:00:2b:01:02:03", "00:00:00:00:00:00")),
          Map.entry("macaddr8", List.of("08:00:2b:01:02:03:04:05", "00:00:00:00:00:00:00:01")),
          Map.entry("bit(9)", List.of("000000001", "100000000", "000000000")),
          Map.entry("jsonb", List.of("{\"a\": 1.0}", "{\"a\": 2}", "null")),
          Map.entry("int4range", List.of("[1,5)", "empty", "(,)")),
          Map.entry(
              "tstzrange",
              List.of(
                  "[\"2024-01-01 00:00:00+00\",infinity]",
                  "empty",
                  "[\"1800-01-01 00:00:00+00\",)")));

  private ConnectTypes() {}

  private static Map<String, List<String>> edges() {
    Map<String, List<String>> edges = new LinkedHashMap<>();
    for (int p = 0; p <= 6; p++) {
      edges.put(
          "time(%d)".formatted(p),
          List.of(
              "00:00:00",
              "24:00:00",
              "23:59:59.999999",
              "12:34:56.123456",
              "00:00:00.000001",
              "12:34:56.1"));
      List<String> timestamps = new ArrayList<>(MOMENTS);
      List<String> zoned = new ArrayList<>(MOMENTS.stream().map(ConnectTypes::inUtc).toList());
      if (p == 0) {
        timestamps.add("infinity");
      }
      if (p == 6) {
        timestamps.add("294247-01-10 04:00:54.775806");
        zoned.add("294276-12-31 23:59:59.999999+00");
      }
      zoned.add("infinity");
      edges.put("timestamp(%d)".formatted(p), timestamps);
      edges.put("timestamptz(%d)".formatted(p), zoned);
    }
    edges.put(
        "date",
        List.of(
            "1582-10-04",
            "1582-10-05",
            "1582-10-14",
            "1582-10-15",
            "1500-02-28",
            "1500-03-01",
            "0005-02-29 BC",
            "1000-02-28",
            "9999-12-31",
            "10000-01-01"));
    edges.put(
        "float4",
        List.of(
            "7.038531e-26",
            "1.17549421e-38",
            "1e-40",
            "9.8e-45",
            "8.5899346e9",
            "16777216",
            "0.3",
            "1e23",
            "-1e-45",
            "1",
            "33554432"));
    edges.put(
        "float8",
        List.of(
            "2.2250738585072011e-308",
            "4.9e-324",
            "9007199254740993",
            "2e-3",
            "1e23",
            "5.684341886080802e-14",
            "1",
            "-1e-5"));
    edges.put("bit(8)", List.of("00000000", "10000000", "00000001", "11111111"));
    edges.put("bit(9)", List.of("000000000", "100000000", "000000001", "010000000"));
    edges.put(
        "bit(83)",
        List.of("0".repeat(83), "1" + "0".repeat(82), "0".repeat(82) + "1", "1".repeat(83)));
    edges.put(
        "tstzrange",
        List.of(
            "[\"0044-03-15 12:00:00.25+00 BC\",\"2024-01-01 00:00:00.123456+00\")",
            "[-infinity,infinity]",
            "[\"1800-01-01 00:00:00+00\",)",
            "(,)",
            "[\"4714-11-24 00:00:00+00 BC\",\"294276-12-31 23:59:59.999999+00\"]"));
    edges.put(
        "types.domain_stamp3", List.of("2024-02-29 12:34:56.789", "-infinity", "0044-03-15 BC"));
    edges.put(
        "types.domain_stamp", List.of("2024-02-29 12:34:56.789012", "1582-10-10 00:00:00.000001"));
    edges.put("types.domain_stamptz2", List.of("2024-02-29 12:34:56.78", "infinity"));
    edges.put("types.domain_time1", List.of("24:00:00", "12:34:56.7"));
    edges.put("types.domain_bits", List.of("00001", "10000"));
    edges.put(
        "types.domain_numeric", List.of("1.100", "1e-20", "NaN", "123456789012345678901234567890"));
    edges.put("types.domain_bytes", List.of("", "\\x5c00"));
    edges.put("types.domain_citext", List.of("Aa", "aa"));
    edges.put("types.domain_float", List.of("NaN", "-0", "0.1"));
    return edges;
  }

  private static String inUtc(String moment) {
    return moment.replaceFirst("(\\d)( BC)?$", "$1+00$2");
  }

  static boolean isCarried(String table) {
    return table.startsWith(CASE) || table.startsWith(EDGE) || table.startsWith(KEY);
  }

  private static String name(String type) {
    return type.replace("types.", "").replaceAll("[(,]", "_").replace(")", "");
  }

  static void create(TestDatabase database) {
    database.execute(
        """
        create domain types.domain_stamp3_base as timestamp(3);
        create domain types.domain_stamp3 as types.domain_stamp3_base;
        create domain types.domain_stamp as timestamp;
        create domain types.domain_stamptz2 as timestamptz(2);
        create domain types.domain_time1 as time(1);
        create domain types.domain_bits as bit(5);
        create domain types.domain_numeric as numeric;
        create domain types.domain_bytes as bytea;
        create domain types.domain_citext as public.citext;
        create domain types.domain_float as float8;
        create table types.edge_outside (id int primary key, n int, v bytea, a text, s varchar, c char(9000), j json, b jsonb, x xml, h public.hstore,
          i public.citext, w tsvector, d types.domain_bytes, l bit(40000));
        alter table types.edge_outside alter v set storage external, alter a set storage external, alter s set storage external,
          alter c set storage external, alter j set storage external, alter b set storage external, alter x set storage external, alter h set storage external,
          alter i set storage external, alter w set storage external, alter d set storage external, alter l set storage external;
        create table types.edge_without_old_rows (id int primary key, n int, v uuid, d date, k time, s timestamp(3), z timestamptz, f float8, m macaddr, o oid);
        """);
    EDGES.forEach(
        (type, values) ->
            database.execute(
                "create table types.%s (id int generated by default as identity primary key, n int not null default 0, v %s)"
                    .formatted(EDGE + name(type), type)));
    KEYS.keySet()
        .forEach(
            type ->
                database.execute(
                    "create table types.%s (v %s primary key, n int not null default 0)"
                        .formatted(KEY + name(type), type)));
  }

  /**
   * Gives tables of carried types, which have the types' names, others: Debezium takes a table's
   * rows for the type.
   */
  static void rename(TestDatabase database) {
    for (String table : CARRIED) {
      database.execute(
          "alter table if exists types.%1$s rename to %2$s%1$s".formatted(table, CASE));
    }
  }

  static void fill(TestDatabase database) {
    // These come as others, and are refused.
    database.execute(
        "delete from types.timestamp where v in ('infinity', '294276-12-31 23:59:59.999999', '294247-01-10 04:00:54.775807')");
    database.execute("delete from types.timestamp3 where v = 'infinity'");
    // They are more than a producer sends unless it is told to.
    for (String large : List.of("large_text", "large_bytea", "large_jsonb")) {
      database.execute("delete from types." + large);
    }
    database.execute(
        "insert into types.large_text (v) values (repeat('x', 200000)); insert into types.large_jsonb (v) select jsonb_object_agg(md5(i::text), i / 7.0) from generate_series(1, 2000) i");
    database.execute(
        "insert into types.large_bytea (v) select string_agg(sha256(i::text::bytea), ''::bytea) from generate_series(1, 3000) i");
    EDGES.forEach(
        (type, values) ->
            database.execute(
                "insert into types.%s (v) values %s".formatted(EDGE + name(type), values(values))));
    database.execute(
        "insert into types.edge_outside (id, n) values (1, 0); insert into types.edge_without_old_rows (id, n) values (1, 0)");
    KEYS.forEach(
        (type, values) ->
            database.execute(
                "insert into types.%s (v) values ('%s')"
                    .formatted(KEY + name(type), values.get(0))));
  }

  private static String values(List<String> values) {
    return values.stream()
        .map(value -> "('" + value.replace("'", "''") + "')")
        .collect(Collectors.joining(", "));
  }

  /** Statements that change a table in every way. */
  static List<String> changes(String table) {
    if (table.equals(OUTSIDE)) {
      return List.of(
          """
          insert into types.edge_outside select i, 0, convert_to(t, 'UTF8'), t, t, left(t, 9000), to_json(t), to_jsonb(t), xmlelement(name a, t), public.hstore(t, t),
            t, array_to_tsvector(array(select distinct left(w, 32) || g from unnest(string_to_array(t, '"')) w, generate_series(1, 9) g)), convert_to(t, 'UTF8'), repeat('0100110', 5714)::varbit::bit(40000)
          from (select i, (select string_agg(md5((i * 1000 + j)::text), '"\\é') from generate_series(1, 100) j) as t from generate_series(2, 5) i) x
          """,
          "update types.edge_outside set n = n + 1",
          "update types.edge_outside set id = id + 10 where id = 3",
          "begin; update types.edge_outside set v = 'x', h = null where id = 4; update types.edge_outside set n = 7 where id = 4; commit",
          "delete from types.edge_outside where id = 5");
    }
    if (table.equals(WITHOUT_OLD_ROWS)) {
      return List.of(
          "insert into types.edge_without_old_rows select i, 0, gen_random_uuid(), date '2024-02-29' + i, '24:00', now(), now(), 0.1 * i, '08:00:2b:01:02:03', i from generate_series(2, 9) i",
          "update types.edge_without_old_rows set n = n + 1",
          "update types.edge_without_old_rows set id = id + 10, d = '-infinity' where id < 5",
          "delete from types.edge_without_old_rows where id > 7");
    }
    if (table.startsWith(KEY)) {
      List<String> values =
          KEYS.entrySet().stream()
              .filter(key -> table.equals(KEY + name(key.getKey())))
              .findFirst()
              .orElseThrow()
              .getValue();
      String first = values.get(0);
      List<String> others = values.subList(1, values.size());
      String last = values.get(values.size() - 1);
      return List.of(
          "insert into types.%s (v) values %s".formatted(table, values(others)),
          "update types.%s set n = n + 1".formatted(table),
          "delete from types.%s where v = '%s'".formatted(table, first),
          "update types.%s set v = '%s', n = 9 where v = '%s'".formatted(table, first, last));
    }
    return TypeCases.changes(table);
  }

  /** The rows as the types' own send functions write them. */
  static List<String> bytes(TestDatabase database, String table) {
    if (table.startsWith(KEY)) {
      return database.query(
          "select encode(record_send(t), 'hex') from types." + table + " t order by 1");
    }
    // Its bytes hold the OIDs of several types of users.
    return table.equals(OUTSIDE)
        ? database.query("select t::text from types." + table + " t order by 1")
        : List.copyOf(TypeCases.bytes(database, table).values());
  }

  /** Gives the role that connects settings of its own in this database. */
  static void setForRole(TestDatabase side, String... settings) {
    for (String setting : settings) {
      side.execute(
          "do $$ begin execute format('alter role %I in database %I set "
              + setting.replace("'", "''")
              + "', current_user, current_database()); end $$");
    }
  }
}
