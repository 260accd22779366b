package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.SoftAssertions.assertSoftly;

import dev.ficus.core.TableName;
import dev.ficus.core.Via;
import dev.ficus.postgres.Marker;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestConnect;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestKafka;
import dev.ficus.testkit.TypeCases;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every type that comes exactly over Kafka Connect, at its edges; and that no other is carried. */
@Rule("R7")
class ConnectTypesTest {

  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private TwoSides sides;
  private @Nullable TestConnect connect;

  @BeforeEach
  void createSides() {
    sides = new TwoSides();
    for (TestDatabase side : List.of(sides.shared, sides.service)) {
      TypeCases.create(side);
      ConnectTypes.create(side);
    }
    TypeCases.fill(sides.shared);
    ConnectTypes.fill(sides.shared);
    ConnectTypes.rename(sides.shared);
    ConnectTypes.rename(sides.service);
  }

  @AfterEach
  void dropSides() {
    if (connect != null) {
      connect.close();
    }
    sides.close();
  }

  private List<String> carried() {
    List<String> carried = new ArrayList<>(TypeCases.tables(sides.shared));
    carried.removeIf(table -> !ConnectTypes.isCarried(table));
    return carried;
  }

  /** Has Kafka Connect stream these tables. */
  private void stream(List<String> tables, String... settings) throws IOException {
    for (String table : tables) {
      for (TestDatabase side : List.of(sides.shared, sides.service)) {
        if (!table.equals(ConnectTypes.WITHOUT_OLD_ROWS)) {
          side.execute("alter table types.\"" + table + "\" replica identity full");
        }
      }
    }
    TestConnect worker =
        new TestConnect(
            TestKafka.shared(),
            sides.shared,
            tables.stream().collect(Collectors.joining("|", "types\\.(", ")")));
    connect = worker;
    for (int i = 0; i < settings.length; i += 2) {
      worker.with(settings[i], settings[i + 1]);
    }
    sides.over(worker.connect().cluster(), Via.CONNECT);
    sides.request("types", tables);
    sides.relay();
  }

  private void assertStreamed(List<String> tables) {
    for (String table : tables) {
      sides.shared.execute(String.join(";", ConnectTypes.changes(table)));
    }
    // Kafka Connect makes a topic for each table first.
    sides.streams.awaitPosition(TwoSides.FORWARD, Marker.write(sides.source), PATIENCE);
    assertSoftly(
        softly -> {
          for (String table : tables) {
            List<String> there = ConnectTypes.bytes(sides.shared, table);
            softly.assertThat(there).as("types.%s has rows", table).isNotEmpty();
            softly
                .assertThat(ConnectTypes.bytes(sides.service, table).equals(there))
                .as("types.%s is the same on both sides", table)
                .isTrue();
          }
        });
  }

  @Test
  void shouldStreamEveryValueExactly() throws IOException {
    for (TestDatabase side : List.of(sides.shared, sides.service)) {
      TypeCases.makeSettingsUnusual(side);
      // Two of them make values inexact, and are refused.
      ConnectTypes.setForRole(side, "extra_float_digits = 1", "bytea_output = 'hex'");
    }
    List<String> tables = carried();
    assertThat(tables).hasSizeGreaterThan(100);
    stream(tables);
    sides.awaitStreaming();

    assertStreamed(tables);
  }

  @ParameterizedTest
  @ValueSource(strings = {"adaptive_time_microseconds", "microseconds"})
  void shouldStreamTimesExactlyHoweverTheyCome(String mode) throws IOException {
    List<String> tables =
        carried().stream()
            .filter(table -> table.matches("edge_(time|timestamp)_.|edge_domain_(time|stamp).*"))
            .toList();
    assertThat(tables).hasSizeGreaterThan(15);
    stream(tables, "time.precision.mode", mode);
    sides.awaitStreaming();

    assertStreamed(tables);
  }

  @Test
  void shouldRefuseEveryOtherTypeByName() throws SQLException {
    try (Connection source = sides.source.connect("test")) {
      assertSoftly(
          softly -> {
            for (String table : TypeCases.tables(sides.shared)) {
              sides.shared.execute("alter table types.\"" + table + "\" replica identity full");
              softly
                  .assertThat(refusals(source, table))
                  .as("types.\"%s\"", table)
                  .hasSize(ConnectTypes.isCarried(table) ? 0 : 1)
                  .allSatisfy(
                      refusal ->
                          assertThat(refusal)
                              .startsWith("column v of table types." + table + " has type ")
                              .contains("which is not known to come exactly over Kafka Connect"));
            }
          });
    }
  }

  private static List<String> refusals(Connection source, String table) {
    try {
      return ConnectCheck.refusals(source, new TableName("types", table), List.of("id", "n", "v"))
          .stream()
          .map(RelayException::what)
          .filter(what -> !what.contains("that Kafka has no topics for"))
          .toList();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void shouldRefuseATypeThatDebeziumTakesForAnother() throws SQLException {
    sides.shared.execute(
        """
        create schema other; create domain other.uuid as int; create table other."Mood" (n int); create table other.citext (n int);
        create table types.inet (n int); create table other.int4 (n int);
        """);
    try (Connection source = sides.source.connect("test")) {
      for (String type : List.of("uuid", "enum_mood", "citext", "inet", "int4")) {
        String table = "case_" + type;
        sides.shared.execute("alter table types." + table + " replica identity full");
        assertThat(refusals(source, table))
            .as(table)
            .hasSize(type.equals("int4") ? 0 : 1)
            .allSatisfy(
                refusal ->
                    assertThat(refusal)
                        .contains("which Debezium confuses with another type of that name"));
      }
    }
  }
}
