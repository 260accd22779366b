package dev.ficus.dualwriter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Epoch;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.Transform;
import dev.ficus.postgres.Counter;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TypeCases;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Dual writes of a transformed table; nothing but them fills the service's table here. */
@Rule({"R9", "R10"})
class TransformTest {

  private static final TableName ORDERS = new TableName("public", "orders");

  private static final Transform TRANSFORM =
      new Transform(
          Map.of("no", "number", "usr", "key"),
          List.of("secret"),
          Map.of("usr", "bigint", "price", "numeric(10,1)"),
          Map.of("region", new Transform.Constant("text", "100 %s")),
          Map.of("label", new Transform.Expression("text", "upper(note) || ':' || ratio::text")),
          Optional.of("status <> 'void'"),
          Map.of());

  private static final String EXPECTED =
      """
      select concat_ws('|', no, usr, note, round(price, 1), status, '100 %s', ratio) from public.orders
      where status <> 'void' order by no
      """;

  private static final String ACTUAL =
      "select concat_ws('|', number, key, note, price, status, region, ratio) from public.orders order by number";

  private Sides sides;
  private DualWriter writer;

  @BeforeEach
  void start() throws SQLException {
    sides =
        new Sides(
            side -> {
              side.execute(
                  """
                  create table public.orders (no bigint primary key, usr int not null, secret oid, note text, price numeric, status text not null, ratio float8);
                  alter table public.orders replica identity full
                  """);
              return List.of(ORDERS);
            },
            Map.of(ORDERS, TRANSFORM));
    TypeCases.makeSettingsUnusual(sides.shared);
    TypeCases.makeSettingsUnusual(sides.service);
    writer =
        new DualWriter(
            Sides.GROUP,
            sides.routes,
            () -> sides.service.connect(),
            new DualWriterSettings(1, 2, Duration.ofSeconds(60), Duration.ofSeconds(60)),
            new FaultScript());
    writer.plans(Epoch.FIRST).load(Epoch.FIRST);
  }

  @AfterEach
  void stop() {
    writer.close();
    sides.close();
  }

  @Test
  void shouldWriteWhatTheTransformMakesOfTheTouchedRows() throws SQLException {
    long left = left();
    write("insert into public.orders values (0, 2, 3, 'a', 1, 'paid', 0.1::float8 + 0.2)");
    // The text of a float depends on the session, and must not here.
    assertThat(sides.service.queryOne("select label from public.orders"))
        .isEqualTo("A:0.30000000000000004");
    write("delete from public.orders");
    for (String sql :
        List.of(
            "insert into public.orders values (1, 2, 3, 'a', 1.26, 'paid', 0.1::float8 + 0.2), (2, 3, null, null, null, 'void', 1), (3, 4, 1, '%d', 0, 'paid', 2)",
            "update public.orders set note = 'b%', price = price * 2 where no = 1",
            "update public.orders set status = 'paid' where no = 2",
            "update public.orders set status = 'void' where no = 3",
            "update public.orders set no = no + 10",
            "update public.orders set status = 'placed'",
            "delete from public.orders where no = 12",
            "update public.orders set no = 20, status = 'void' where no = 13")) {
      write(sql);
      assertThat(sides.service.query(ACTUAL)).as(sql).isEqualTo(sides.shared.query(EXPECTED));
    }
    assertThat(sides.service.query(ACTUAL)).hasSize(1);
    assertThat(left()).isEqualTo(left);
    assertThat(sides.service.query("select row_key from ficus.guard order by 1"))
        .containsExactlyInAnyOrder("[0]", "[1]", "[2]", "[3]", "[11]", "[12]", "[13]", "[20]");
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
