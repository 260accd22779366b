package dev.ficus.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Phase;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestConnect;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestKafka;
import dev.ficus.testkit.TestPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Phases of a group whose forward stream reads the topics of Kafka Connect. */
@Rule({"R6", "R8", "R13"})
class ConnectPhasesTest {

  private final Path folder;

  ConnectPhasesTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void shouldFlipAndGoBackAndFlipAgain() throws IOException {
    TestDatabase shared = TestPostgres.create();
    TestConnect connect =
        new TestConnect(TestKafka.shared(), shared, "public.orders,public.order_items");
    try (Store store = Store.over(connect, shared, folder);
        connect) {
      connect.connect();
      store.bring(Store.ORDERS, Phase.FOLLOWING);
      assertThat(
              store.orders.query(
                  "select via || ' ' || name from ficus.stream where not name like 'users%'"))
          .containsExactly("CONNECT orders.forward");
      store.shared.execute("update orders set total = total + 1");
      store.bring(Store.ORDERS, Phase.WRITES_MOVED);
      requireEqual(store.shared, store.orders);
      store.orders.execute("insert into orders (user_id, status, total) values (7, 'paid', 7)");
      assertThat(store.shared.query("select via || ' ' || direction from ficus.stream"))
          .as("the way back has a slot of Ficus's own")
          .containsExactly("DIRECT REVERSE");
      try (ControlPlane control = store.control()) {
        control.rollback(Store.ORDERS, List.of());
      }
      requireEqual(store.shared, store.orders);
      store.shared.execute("update orders set total = total + 1");
      store.bring(Store.ORDERS, Phase.WRITES_MOVED);
      requireEqual(store.shared, store.orders);
      store.bring(Store.ORDERS, Phase.SEALED);

      assertThat(
              store.shared.query(
                  "select slot_name from pg_replication_slots where database = current_database() and slot_name not like '%reference%'"))
          .as("the connector's slot is left alone")
          .containsExactly(connect.name());
    }
  }

  @Test
  @Rule({"R7", "R21"})
  void shouldTellOfAConnectorThatLeavesChangesOut() throws IOException {
    TestDatabase shared = TestPostgres.create();
    TestConnect connect =
        new TestConnect(TestKafka.shared(), shared, "public.orders")
            .with("decimal.handling.mode", "double");
    try (Store store = Store.over(connect, shared, folder);
        connect) {
      shared.execute(
          "alter table orders replica identity default; alter table orders add hours interval");
      connect.connect();

      assertThat(
              Diagnosis.of(store.manifest, Optional.empty()).findings().stream()
                  .filter(finding -> finding.check().equals("connect"))
                  .map(Finding::toString)
                  .toList())
          .anySatisfy(
              finding ->
                  assertThat(finding)
                      .contains("column hours of table public.orders has type interval"))
          .anySatisfy(
              finding ->
                  assertThat(finding).contains("table public.orders needs replica identity full"))
          .anySatisfy(
              finding ->
                  assertThat(finding)
                      .contains("decimal.handling.mode is 'double', and must be string"))
          .anySatisfy(
              finding ->
                  assertThat(finding)
                      .contains("table.include.list leaves out table public.order_items"));
    }
  }

  private static void requireEqual(TestDatabase one, TestDatabase other) {
    for (String table : List.of("orders", "order_items")) {
      String content = "select t::text from public." + table + " t order by 1";
      assertThat(other.query(content)).isEqualTo(one.query(content));
    }
  }
}
