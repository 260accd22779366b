package dev.ficus.dualwriter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Epoch;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Counter;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TypeCases;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** By which keys rows are dual-written, in sessions that write values in unusual ways. */
@Rule({"R9", "R10"})
class KeysTest {

  private static final DualWriterSettings SETTINGS =
      new DualWriterSettings(1, 2, Duration.ofSeconds(60), Duration.ofSeconds(60));

  /** Two values of each type whose text names a row. */
  private static final Map<String, List<String>> NAMING =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry(
                  "timestamptz", List.of("2024-03-31 02:30:00.1+02", "0044-03-15 12:00+00 BC")),
              Map.entry("timestamp", List.of("2001-02-03 04:05:06.7", "infinity")),
              Map.entry("date", List.of("2001-02-03", "0044-03-15 BC")),
              Map.entry("time", List.of("24:00", "00:00:00.000001")),
              Map.entry("bytea", List.of("\\x00ff5c", "")),
              Map.entry("text", List.of("a, \"b\\''", "")),
              Map.entry("char(5)", List.of("a", "")),
              Map.entry("numeric(8,2)", List.of("1.10", "NaN")),
              Map.entry(
                  "uuid",
                  List.of(
                      "00000000-0000-0000-0000-000000000000",
                      "ffffffff-ffff-4fff-bfff-ffffffffffff")),
              Map.entry("inet", List.of("10.0.0.1/24", "10.0.0.1")),
              Map.entry("varbit", List.of("101", "")),
              Map.entry("boolean", List.of("true", "false")),
              Map.entry("public.mood", List.of("so, so", "good")),
              Map.entry("public.whole", List.of("7", "8"))));

  /** Two values of each type that are equal, or not the same in every session. */
  private static final Map<String, List<String>> NOT_NAMING =
      new TreeMap<>(
          Map.of(
              "numeric", List.of("1.0", "1.00"),
              "float8", List.of("0", "-0"),
              "interval", List.of("1 day", "24:00:00"),
              "public.blind", List.of("a", "A"),
              "int[]", List.of("{1}", "{2}")));

  private Sides sides;
  private DualWriter writer;

  @BeforeEach
  void start() throws SQLException {
    sides = new Sides(KeysTest::create);
    TypeCases.makeSettingsUnusual(sides.shared);
    TypeCases.makeSettingsUnusual(sides.service);
    writer =
        new DualWriter(
            Sides.GROUP, sides.routes, () -> sides.service.connect(), SETTINGS, new FaultScript());
    writer.plans(Epoch.FIRST).load(Epoch.FIRST);
  }

  @AfterEach
  void stop() {
    writer.close();
    sides.close();
  }

  private static List<TableName> create(TestDatabase side) {
    side.execute(
        """
        create schema types;
        create type public.mood as enum ('good', 'so, so');
        create domain public.whole as int check (value > 0);
        create collation public.any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        create domain public.blind as text collate public.any_case;
        create table public.indexed (id int primary key, code text not null, "Teil; 2" int not null, n int);
        create unique index identity on public.indexed ("Teil; 2", code);
        alter table public.indexed replica identity using index identity;
        """);
    Stream.concat(NAMING.keySet().stream(), NOT_NAMING.keySet().stream())
        .forEach(
            type ->
                side.execute(
                    "create table public.\"%1$s\" (n int, k %1$s primary key)".formatted(type)));
    return side
        .query(
            "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1")
        .stream()
        .map(name -> new TableName("public", name))
        .toList();
  }

  @Test
  void shouldWriteRowsWhoseKeyIsItsText() throws SQLException {
    long left = left();
    for (Map.Entry<String, List<String>> type : NAMING.entrySet()) {
      String table = "public.\"" + type.getKey() + "\"";
      String first = "'" + type.getValue().get(0) + "'";
      String second = "'" + type.getValue().get(1) + "'";
      write("insert into " + table + " values (1, " + first + ")");
      write("update " + table + " set n = n + 1");
      write("update " + table + " set k = " + second);
      write("insert into " + table + " values (5, " + first + ")");
      assertSame(type.getKey(), 2);
      write("delete from " + table + " where n = 2");
      assertSame(type.getKey(), 1);
    }

    assertThat(left()).isEqualTo(left);
  }

  @Test
  void shouldWriteRowsByTheIndexOfTheirReplicaIdentity() throws SQLException {
    long left = left();
    write("insert into public.indexed values (1, 'a', 10, 1), (2, 'b', 20, 2), (3, 'a', 20, 3)");
    write("update public.indexed set n = n + 1, id = id + 100");
    assertSame("indexed", 3);
    write("update public.indexed set code = code || '!' where n = 2");
    write("delete from public.indexed where n = 3");

    assertSame("indexed", 2);
    assertThat(left()).isEqualTo(left);
  }

  @Test
  void shouldLeaveRowsWhoseKeysCanBeEqualWithoutBeingTheSame() throws SQLException {
    long left = left();
    for (Map.Entry<String, List<String>> type : NOT_NAMING.entrySet()) {
      write(
          "insert into public.\""
              + type.getKey()
              + "\" values (1, '"
              + type.getValue().get(0)
              + "')");
      write("update public.\"" + type.getKey() + "\" set k = '" + type.getValue().get(1) + "'");
      assertThat(sides.service.query("select n from public.\"" + type.getKey() + "\"")).isEmpty();
    }

    assertThat(left()).isEqualTo(left + 2L * NOT_NAMING.size());
  }

  private void assertSame(String table, int rows) {
    String bytes =
        "select encode(record_send(t), 'hex') from public.\"" + table + "\" t order by n";
    String oid =
        "select lpad(to_hex(atttypid::bigint), 8, '0') from pg_attribute where attrelid = 'public.\""
            + table
            + "\"'::regclass and attname = 'k'";
    assertThat(masked(sides.service, bytes, oid))
        .as(table)
        .isEqualTo(masked(sides.shared, bytes, oid))
        .hasSize(rows);
  }

  /** A type's OID differs between the sides. */
  private static List<String> masked(TestDatabase side, String bytes, String oid) {
    List<String> oids = side.query(oid);
    return side.query(bytes).stream()
        .map(row -> oids.isEmpty() ? row : row.replace(oids.get(0), ""))
        .toList();
  }

  private long left() {
    return sides.routes.counters(Sides.GROUP).value(Counter.DUAL_WRITES_LEFT);
  }

  private void write(String sql) throws SQLException {
    try (Connection connection = writer.wrap(sides.shared.connect(), CommitListener.NONE)) {
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement()) {
        statement.execute(sql);
      }
      connection.commit();
    }
  }
}
