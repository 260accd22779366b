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
import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * Every carried type, at its edges, through dual writes alone: no stream makes up for one that was
 * left out.
 */
@Rule({"R7", "R9"})
class TypesTest {

  private static final DualWriterSettings SETTINGS =
      new DualWriterSettings(1, 2, Duration.ofSeconds(60), Duration.ofSeconds(60));

  @Test
  void shouldWriteEveryValueExactlyWhateverTheSessionsSettings() throws SQLException {
    try (Sides sides = new Sides(TypesTest::createAll);
        DualWriter writer = writer(sides)) {
      List<String> tables = TypeCases.tables(sides.shared);
      assertThat(tables).hasSizeGreaterThan(100);
      // Too large for a dual write, which leaves such rows to the stream.
      List<String> small = tables.stream().filter(table -> !table.startsWith("large")).toList();
      TypeCases.fill(sides.shared);
      TypeCases.makeSettingsUnusual(sides.shared);
      TypeCases.makeSettingsUnusual(sides.service);
      writer.plans(Epoch.FIRST).load(Epoch.FIRST);
      long left = left(sides);
      // In a session as the database makes it: the service's own settings are nobody's business.
      try (Connection session = writer.wrap(sides.shared.connect(), CommitListener.NONE)) {
        session.setAutoCommit(false);
        for (String table : small) {
          run(session, "update types.\"" + table + "\" set n = n");
          for (String change : TypeCases.changes(table)) {
            run(session, change);
          }
        }
      }

      assertThat(left(sides)).as("dual writes left to the stream").isEqualTo(left);
      Map<String, Map<String, String>> there = TypeCases.bytes(sides.service, small);
      Map<String, Map<String, String>> here = TypeCases.bytes(sides.shared, small);
      assertThat(small)
          .as("tables that have rows, and the same on both sides")
          .noneMatch(table -> here.getOrDefault(table, Map.of()).size() <= 3)
          .allMatch(table -> Objects.equals(here.get(table), there.get(table)));
    }
  }

  private static List<TableName> createAll(TestDatabase side) {
    TypeCases.create(side);
    return TypeCases.tables(side).stream().map(table -> new TableName("types", table)).toList();
  }

  private static DualWriter writer(Sides sides) {
    return new DualWriter(
        Sides.GROUP, sides.routes, () -> sides.service.connect(), SETTINGS, new FaultScript());
  }

  private static long left(Sides sides) {
    return sides.routes.counters(Sides.GROUP).value(Counter.DUAL_WRITES_LEFT);
  }

  private static void run(Connection session, String sql) throws SQLException {
    try (Statement statement = session.createStatement()) {
      statement.execute(sql);
    }
    session.commit();
  }
}
