package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TypeCases;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Every carried type, at its edges, through the backfill and through the stream. */
@Rule("R7")
class TypesTest {

  private TwoSides sides;
  private List<String> tables;

  @BeforeEach
  void copy() {
    sides = new TwoSides();
    for (TestDatabase side : List.of(sides.shared, sides.service)) {
      TypeCases.create(side);
    }
    TypeCases.fill(sides.shared);
    TypeCases.makeSettingsUnusual(sides.shared);
    TypeCases.makeSettingsUnusual(sides.service);
    tables = TypeCases.tables(sides.shared);
    sides.request("types", tables);
    sides.relay();
    sides.awaitStreaming();
  }

  @AfterEach
  void drop() {
    sides.close();
  }

  @Test
  void shouldCopyEveryValueExactly() {
    assertSameBytes();
  }

  @Test
  void shouldStreamEveryValueExactly() {
    sides.shared.executeAll(
        tables.stream().flatMap(table -> TypeCases.changes(table).stream()).toArray(String[]::new));
    sides.awaitCaughtUp();

    assertSameBytes();
  }

  private void assertSameBytes() {
    assertThat(tables).hasSizeGreaterThan(100);
    Map<String, Map<String, String>> there = TypeCases.bytes(sides.service, tables);
    Map<String, Map<String, String>> here = TypeCases.bytes(sides.shared, tables);
    assertThat(tables)
        .as("tables that have rows, and the same on both sides")
        .noneMatch(table -> here.getOrDefault(table, Map.of()).isEmpty())
        .allMatch(table -> Objects.equals(here.get(table), there.get(table)));
  }
}
