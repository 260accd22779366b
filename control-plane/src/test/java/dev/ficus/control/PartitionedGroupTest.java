package dev.ficus.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.control.ReconciliationRun.Verdict;
import dev.ficus.core.Phase;
import dev.ficus.core.TableName;
import dev.ficus.postgres.SqlErrors;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A group with a partitioned table, through all phases, there and back and there again. */
@Rule({"R6", "R12", "R13", "R19"})
class PartitionedGroupTest {

  private static final String DDL =
      """
      drop table order_items;
      create table order_items (order_id bigint references orders on delete cascade, line int, sku text not null,
        primary key (order_id, line)) partition by range (order_id);
      create table order_items_1 partition of order_items for values from (minvalue) to (100) partition by hash (line);
      create table order_items_1a partition of order_items_1 for values with (modulus 2, remainder 0);
      create table order_items_1b partition of order_items_1 for values with (modulus 2, remainder 1);
      create table order_items_2 (sku text not null, line int, order_id bigint, primary key (order_id, line));
      alter table order_items attach partition order_items_2 for values from (100) to (1000);
      insert into order_items select o.id, l, 'sku' || l from orders o, generate_series(1, 2) l;
      """;

  private static final String ITEMS = "select i::text from order_items i order by order_id, line";

  private static final String PARTITIONS =
      """
      select c.oid::regclass || ' ' || pg_get_expr(c.relpartbound, c.oid) from pg_class c
      where c.relname like 'order\\_items%' and c.relispartition and c.relkind in ('r', 'p') order by 1
      """;

  private final Path folder;

  PartitionedGroupTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void shouldGoThroughAllPhasesAndBackWithoutLosingARow() {
    try (Store store = new Store(folder, DDL, "        stream: { via: direct, ddl: additive }\n");
        ControlPlane control = store.control()) {
      store.bring(Store.ORDERS, Phase.FOLLOWING);
      assertThat(store.orders.query(PARTITIONS))
          .isEqualTo(store.shared.query(PARTITIONS))
          .hasSize(4);
      store.bring(Store.ORDERS, Phase.READS_MOVED);
      store.shared.execute(
          """
          update order_items set order_id = 150, line = line + 10 where order_id = 50;
          insert into order_items_2 (order_id, line, sku) values (199, 7, 'by its name');
          """);
      assertThat(control.reconcile(Store.ORDERS).verdict()).isEqualTo(Verdict.CLEAN);
      assertThat(store.orders.query(ITEMS)).isEqualTo(store.shared.query(ITEMS)).hasSize(401);
      for (TestDatabase side : List.of(store.shared, store.orders)) {
        side.execute(
            "create table order_items_3 partition of order_items for values from (1000) to (maxvalue)");
      }

      store.bring(Store.ORDERS, Phase.WRITES_MOVED);
      for (String partition : List.of("order_items_1", "order_items_1a", "order_items_3")) {
        assertRefused(store.shared, "insert into %s values (1, 1, 'x')".formatted(partition));
        assertRefused(store.shared, "truncate " + partition);
      }
      store.orders.execute(
          """
          insert into orders (id, user_id, status, total) values (2000, 1, 'paid', 1);
          update order_items set order_id = 2000, line = line + 20 where order_id = 60;
          delete from order_items_1b where order_id < 10;
          """);
      assertThat(control.reconcile(Store.ORDERS).verdict()).isEqualTo(Verdict.CLEAN);
      assertThat(store.shared.query(ITEMS)).isEqualTo(store.orders.query(ITEMS));

      control.rollback(Store.ORDERS);
      assertThat(control.status(Store.ORDERS).phase()).isEqualTo(Phase.READS_MOVED);
      assertRefused(store.orders, "delete from order_items_2");
      store.shared.execute("update order_items_2 set sku = 'back' where order_id = 150");
      assertThat(control.reconcile(Store.ORDERS).verdict()).isEqualTo(Verdict.CLEAN);

      store.bring(Store.ORDERS, Phase.RETIRED);
      assertThat(store.shared.query(PARTITIONS)).allMatch(it -> it.startsWith("ficus_retired."));
      control.rollback(Store.ORDERS);
      assertThat(store.shared.query(PARTITIONS)).hasSize(5).noneMatch(it -> it.contains("retired"));
      assertRefused(store.shared, "delete from order_items_2");
      store.bring(Store.ORDERS, Phase.RETIRED);
      control.drop(
          Store.ORDERS,
          List.of(TableName.parse("orders"), TableName.parse("order_items")),
          Map.of());

      assertThat(control.status(Store.ORDERS).phase()).isEqualTo(Phase.DROPPED);
      assertThat(store.shared.query(PARTITIONS)).isEmpty();
      assertThat(store.orders.queryOne("select count(*) from order_items_2 where sku = 'back'"))
          .isEqualTo("4");
    }
  }

  private static void assertRefused(TestDatabase side, String write) {
    assertThatThrownBy(() -> side.execute(write))
        .satisfies(error -> assertThat(SqlErrors.has(error, SqlErrors.FENCE_CLOSED)).isTrue());
  }

  @Test
  void shouldComeBackToShared() {
    try (Store store = new Store(folder, DDL, "");
        ControlPlane control = store.control()) {
      List<String> before = store.shared.query(ITEMS);
      store.bring(Store.ORDERS, Phase.SEALED);
      while (control.status(Store.ORDERS).phase() != Phase.SHARED) {
        control.rollback(Store.ORDERS);
      }

      assertThat(store.shared.query(ITEMS)).isEqualTo(before);
      assertThat(store.orders.query(PARTITIONS)).isEmpty();
      assertThat(store.shared.query("select tgname from pg_trigger where tgname like 'ficus%'"))
          .isEmpty();
      store.shared.execute("truncate order_items_1a");
    }
  }
}
