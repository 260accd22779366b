package dev.ficus.reconciler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.TableName;
import dev.ficus.core.manifest.Transform;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.transform.TransformedTable;
import dev.ficus.reconciler.Reconciliation.Outcome;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Both sides of a transformed table, filled by hand. */
@Rule("R17")
class TransformTest {

  private static final TableName ORDERS = new TableName("public", "orders");

  // "m", "t" and "k0" are names that the comparison's own SQL uses.
  private static final Transform TRANSFORM =
      new Transform(
          Map.of("usr", "k0"),
          List.of("secret"),
          Map.of("price", "numeric(10,1)"),
          Map.of("region", new Transform.Constant("text", "eu")),
          Map.of("label", new Transform.Expression("text", "upper(t) || m::text")),
          Optional.of("m < 1000"),
          Map.of());

  private static final String SHARED =
      """
      create table public.orders (id int primary key, usr int not null, secret int, price numeric, t text, m int);
      alter table public.orders replica identity full;
      insert into public.orders select i, i * 2, i, i * 1.27, 't' || i, i * 4 from generate_series(1, 500) i
      """;

  private static final String SERVICE =
      """
      create table public.orders (id int primary key, k0 int not null, price numeric(10,1), t text, m int, region text, label text);
      insert into public.orders select i, i * 2, round(i * 1.27, 1), 't' || i, i * 4, 'eu', 'T' || i || i * 4 from generate_series(1, 249) i
      """;

  private TwoSides sides;

  @BeforeEach
  void create() {
    sides = new TwoSides();
  }

  @AfterEach
  void drop() {
    sides.close();
  }

  private static TransformedTable resolve(Database database) {
    try (Connection connection = database.connect("test")) {
      return TransformedTable.resolve(connection, ORDERS, TRANSFORM);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private List<String> findings(StreamTable table) {
    Reconciliation result = sides.reconcile(TwoSides.settings(100), table);
    assertThat(result.reasons()).isEmpty();
    assertThat(result.outcome())
        .isEqualTo(result.findings().isEmpty() ? Outcome.CLEAN : Outcome.MISMATCH);
    return result.findings().stream()
        .map(finding -> finding.kind() + " " + finding.key())
        .sorted()
        .toList();
  }

  @Test
  void shouldFindThroughTheMappingWhatDiffersAndNothingElse() {
    sides.source().execute(SHARED);
    sides.target().execute(SERVICE);
    StreamTable table = resolve(sides.sourceDatabase()).forward();
    sides.stream(TwoSides.ARRIVED, table);
    assertThat(findings(table)).isEmpty();

    TestDatabase target = sides.target();
    target.execute(
        """
        update public.orders set label = 'other' where id = 10;
        update public.orders set region = 'us' where id = 20;
        update public.orders set price = price + 0.1 where id = 30;
        update public.orders set k0 = 0 where id = 40;
        delete from public.orders where id = 50;
        insert into public.orders values (300, 600, 381.0, 't300', 1200, 'eu', 'T3001200'), (1000, 1, 1, '', 1, 'eu', '');
        """);

    assertThat(findings(table))
        .containsExactly(
            "DIFFERENT [10]",
            "DIFFERENT [20]",
            "DIFFERENT [30]",
            "DIFFERENT [40]",
            "EXTRA [1000]",
            "EXTRA [300]",
            "MISSING [50]");
  }

  @Test
  void shouldCompareOnTheWayBackWhatGoesBothWays() {
    sides.source().execute(SERVICE);
    sides.target().execute(SHARED);
    StreamTable table = resolve(sides.targetDatabase()).back();
    sides.stream(TwoSides.ARRIVED, table);
    // What does not go back may be anything, and the service may have let a row leave the filter.
    sides
        .source()
        .execute(
            "update public.orders set label = 'mine', region = 'us'; update public.orders set m = 5000 where id = 7");
    sides
        .target()
        .execute(
            "update public.orders set secret = 0; update public.orders set m = 5000 where id = 7");
    assertThat(findings(table)).isEmpty();

    sides
        .target()
        .execute(
            """
            update public.orders set usr = 0 where id = 10;
            update public.orders set price = price + 0.1 where id = 20;
            delete from public.orders where id = 30;
            insert into public.orders values (1000, 1, 1, 1, 'x', 1), (1001, 1, 1, 1, 'x', 1000);
            update public.orders set t = 'x' where id = 7;
            """);

    assertThat(findings(table))
        .containsExactly(
            "DIFFERENT [10]", "DIFFERENT [20]", "DIFFERENT [7]", "EXTRA [1000]", "MISSING [30]");
  }
}
