package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.SoftAssertions.assertSoftly;

import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TypeCases;
import java.util.List;
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
    for (String table : tables) {
      TypeCases.changes(table).forEach(sides.shared::execute);
    }
    sides.awaitCaughtUp();

    assertSameBytes();
  }

  private void assertSameBytes() {
    assertThat(tables).hasSizeGreaterThan(100);
    assertSoftly(
        softly -> {
          for (String table : tables) {
            softly
                .assertThat(TypeCases.bytes(sides.service, table).equals(rows(table)))
                .as("types.\"%s\" is the same on both sides", table)
                .isTrue();
          }
        });
  }

  private java.util.Map<String, String> rows(String table) {
    java.util.Map<String, String> rows = TypeCases.bytes(sides.shared, table);
    assertThat(rows).as(table).isNotEmpty();
    return rows;
  }
}
