package dev.ficus.reconciler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.SoftAssertions.assertSoftly;

import dev.ficus.core.TableName;
import dev.ficus.postgres.StreamTable;
import dev.ficus.reconciler.Finding.Kind;
import dev.ficus.reconciler.Reconciliation.Outcome;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TypeCases;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Every carried type is compared by its bytes, whatever its own equality calls equal. */
@Rule("R17")
class TypesTest {

  private static final ReconcilerSettings SETTINGS =
      new ReconcilerSettings(100, 50, 10, Duration.ofSeconds(60), Duration.ofSeconds(60), 100_000);

  private TwoSides sides;
  private List<String> tables;

  @BeforeEach
  void create() {
    sides = new TwoSides();
    for (TestDatabase side : List.of(sides.source(), sides.target())) {
      TypeCases.create(side);
      TypeCases.fill(side);
    }
    TypeCases.makeSettingsUnusual(sides.target());
    tables = TypeCases.tables(sides.source());
    assertThat(tables).hasSizeGreaterThan(100);
    sides.stream(TwoSides.ARRIVED, streamTables());
  }

  @AfterEach
  void drop() {
    sides.close();
  }

  @Test
  void shouldFindEqualSidesCleanAndEveryValueThatDiffersInAByte() {
    Reconciliation clean = sides.reconcile(SETTINGS, streamTables());
    assertThat(clean.reasons()).isEmpty();
    assertThat(clean.outcome()).isEqualTo(Outcome.CLEAN);

    for (String table : tables) {
      sides
          .target()
          .execute(
              """
              update types."%1$s" t set v = (select o.v from types."%1$s" o order by o.id <= t.id, o.id limit 1)
              """
                  .formatted(table));
    }
    Reconciliation different = sides.reconcile(SETTINGS, streamTables());

    assertThat(different.reasons()).isEmpty();
    assertSoftly(
        softly -> {
          for (String table : tables) {
            softly
                .assertThat(found(different, table))
                .as("types.\"%s\"", table)
                .isEqualTo(changed(table))
                .isNotEmpty();
          }
        });
  }

  private Set<String> changed(String table) {
    Map<String, String> here = TypeCases.bytes(sides.source(), table);
    Map<String, String> there = TypeCases.bytes(sides.target(), table);
    return here.entrySet().stream()
        .filter(row -> !row.getValue().equals(there.get(row.getKey())))
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  private static Set<String> found(Reconciliation result, String table) {
    return result.findings().stream()
        .filter(finding -> finding.table().name().equals(table))
        .filter(finding -> finding.kind() == Kind.DIFFERENT)
        .map(finding -> finding.key().replaceAll("[\\[\\]]", ""))
        .collect(Collectors.toSet());
  }

  private StreamTable[] streamTables() {
    return tables.stream()
        .map(table -> new TableName("types", table))
        .map(table -> new StreamTable(table, table, List.of("id", "n", "v"), List.of("id")))
        .toArray(StreamTable[]::new);
  }
}
