package dev.ficus.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.control.ReconciliationRun.Verdict;
import dev.ficus.core.Phase;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A group with every kind of transform, there and back; expectations are written out by hand. */
@Rule({"R6", "R13", "R14"})
class TransformedGroupTest {

  private static final String DDL =
      """
      alter table orders add legacy_flag boolean not null default false, add note text, add internal_code text unique, add weight int not null default 1;
      alter table orders add constraint heavy check (weight > 0 and not legacy_flag or legacy_flag), add constraint light check (weight < 100000);
      create index orders_by_user on orders (user_id, weight);
      create index orders_by_flag on orders (legacy_flag, user_id);
      comment on column orders.user_id is 'who';
      alter table orders replica identity full;
      update orders set note = 'n' || id, internal_code = 'c' || id, weight = id * 10, legacy_flag = id % 2 = 0;
      """;

  private static final String TRANSFORM =
      """
              transform:
                orders:
                  rename: { user_id: customer_id, total: amount }
                  drop: [legacy_flag, internal_code]
                  cast: { weight: bigint }
                  constant: { region: { type: text, value: eu } }
                  expression: { shout: { type: text, sql: upper(note) } }
                  filter: weight < 1000
      """;

  private static final String SHARED =
      "select concat_ws('|', id, user_id, status, total, note, weight) from orders where weight < 1000 order by id";

  private static final String SERVICE =
      "select concat_ws('|', id, customer_id, status, amount, note, weight) from orders order by id";

  private static final String MADE =
      "select count(*) from orders where region is distinct from 'eu' or shout is distinct from upper(note)";

  private final Path folder;

  TransformedGroupTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void shouldCarryATruncateBackWhereTheKeyIsRenamed() {
    try (Store store =
        new Store(
            folder,
            "",
            """
                    transform: { orders: { rename: { id: number } } }
            """)) {
      store.bring(Store.ORDERS, Phase.WRITES_MOVED);
      store.orders.execute("truncate orders, order_items");
      store.shared.await("select count(*) from orders", "0");
      store.orders.execute("insert into orders (user_id, status, total) values (1, 'paid', 1)");
      store.shared.await("select count(*) from orders", "1");
    }
  }

  @Test
  void shouldMoveThereAndBackWithEveryKindOfTransform() {
    try (Store store = new Store(folder, DDL, TRANSFORM);
        ControlPlane control = store.control()) {
      TestDatabase shared = store.shared;
      TestDatabase service = store.orders;
      store.bring(Store.ORDERS, Phase.DUAL_WRITING);
      assertThat(service.query(SERVICE)).isEqualTo(shared.query(SHARED)).hasSize(99);
      assertThat(service.queryOne(MADE)).isEqualTo("0");
      assertThat(
              service.query(
                  "select indexname from pg_indexes where tablename = 'orders' order by 1"))
          .containsExactly("orders_by_user", "orders_pkey");
      assertThat(
              service.queryOne(
                  "select col_description('orders'::regclass, attnum) from pg_attribute where attrelid = 'orders'::regclass and attname = 'customer_id'"))
          .isEqualTo("who");
      assertThat(migration())
          .contains("-- Left out, since the manifest transforms the tables:")
          .contains("constraint heavy of table public.orders: it stood on a dropped column")
          .contains("index orders_by_flag of table public.orders: it stood on a dropped column")
          .contains("constraint orders_internal_code_key of table public.orders")
          .contains(
              "foreign key order_items_order_id_fkey: the rows of table public.orders are filtered")
          .doesNotContain("ficus_scratch");
      requireFound(control, service);

      store.bring(Store.ORDERS, Phase.WRITES_MOVED);
      List<String> others =
          shared.query("select o::text from orders o where weight >= 1000 order by id");
      service.execute(
          """
          insert into orders (customer_id, status, amount, note, weight) values (3, 'paid', 7, 'new', 5);
          update orders set amount = amount + 1, note = 'changed', shout = 'mine' where id <= 10;
          update orders set id = 100000 where id = 20;
          delete from orders where id = 30;
          begin;
          delete from orders where id = 40;
          insert into orders (id, customer_id, status, amount, weight) values (40, 4, 'placed', 4, 4);
          commit;
          begin;
          update orders set weight = 9 where id = 50;
          update orders set id = 100001 where id = 50;
          update orders set id = 50 where id = 51;
          commit;
          """);
      assertThat(control.reconcile(Store.ORDERS).verdict()).isEqualTo(Verdict.CLEAN);
      assertThat(shared.query(SHARED)).isEqualTo(service.query(SERVICE)).hasSize(99);
      assertThat(shared.query("select o::text from orders o where weight >= 1000 order by id"))
          .isEqualTo(others)
          .hasSize(101);
      assertThat(
              shared.query(
                  "select concat_ws('|', id, legacy_flag, internal_code) from orders where id in (2, 20, 40, 50, 51, 201, 100000, 100001) order by id"))
          .containsExactly("2|t|c2", "40|f", "50|f|c51", "201|f", "100000|t|c20", "100001|t|c50");
      shared.execute(
          "set session_replication_role = replica; update orders set total = 0 where id = 60");
      ReconciliationRun planted = control.reconcile(Store.ORDERS);
      assertThat(planted.findings()).singleElement().asString().contains("60");
      shared.execute(
          "set session_replication_role = replica; update orders set total = 60 where id = 60");

      control.rollback(Store.ORDERS);
      assertThat(control.status(Store.ORDERS).phase()).isEqualTo(Phase.READS_MOVED);
      shared.execute(
          """
          insert into orders (user_id, status, total, note, weight) values (4, 'placed', 8, 'after', 6);
          update orders set note = 'back again' where id <= 20;
          update orders set weight = 5000 where id = 7;
          update orders set weight = 50 where id = 150;
          """);
      control.reconcile(Store.ORDERS);
      assertThat(service.query(SERVICE)).isEqualTo(shared.query(SHARED)).hasSize(100);
      while (control.status(Store.ORDERS).phase() != Phase.SHARED) {
        control.rollback(Store.ORDERS);
      }
      assertThat(shared.queryOne("select count(*) from orders")).isEqualTo("201");
    }
  }

  private static void requireFound(ControlPlane control, TestDatabase service) {
    assertThat(control.reconcile(Store.ORDERS).verdict()).isEqualTo(Verdict.CLEAN);
    service.execute(
        "set session_replication_role = replica; update orders set shout = 'other' where id = 5");
    ReconciliationRun planted = control.reconcile(Store.ORDERS);
    assertThat(planted.verdict()).isEqualTo(Verdict.MISMATCH);
    assertThat(planted.findings()).singleElement().asString().contains("5").contains("DIFFERENT");
    service.execute(
        "set session_replication_role = replica; update orders set shout = upper(note) where id = 5");
    assertThat(control.reconcile(Store.ORDERS).verdict()).isEqualTo(Verdict.CLEAN);
  }

  private String migration() {
    try (var files = Files.walk(folder)) {
      StringBuilder text = new StringBuilder();
      for (Path file : files.filter(it -> it.toString().endsWith(".sql")).toList()) {
        text.append(Files.readString(file));
      }
      return text.toString();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void shouldComeBackFromTheSealWithoutLosingWhatOnlyTheSharedTableHas() {
    try (Store store = new Store(folder, DDL, TRANSFORM);
        ControlPlane control = store.control()) {
      store.bring(Store.ORDERS, Phase.SEALED);
      List<String> others =
          store.shared.query("select o::text from orders o where weight >= 1000 order by id");
      store.orders.execute(
          """
          update orders set amount = amount + 1 where id <= 10;
          delete from orders where id = 30;
          insert into orders (customer_id, status, amount, note, weight) values (3, 'paid', 7, 'new', 5);
          """);

      control.rollback(Store.ORDERS);

      assertThat(control.status(Store.ORDERS).phase()).isEqualTo(Phase.WRITES_MOVED);
      assertThat(store.shared.query(SHARED)).isEqualTo(store.orders.query(SERVICE)).hasSize(99);
      assertThat(
              store.shared.query("select o::text from orders o where weight >= 1000 order by id"))
          .isEqualTo(others);
      assertThat(
              store.shared.query(
                  "select concat_ws('|', id, legacy_flag, internal_code) from orders where id in (2, 3, 201) order by id"))
          .containsExactly("2|t|c2", "3|f|c3", "201|f");
      assertThat(store.shared.query("select relname from pg_class where relname like 'copied%'"))
          .isEmpty();
      assertThat(control.reconcile(Store.ORDERS).verdict()).isEqualTo(Verdict.CLEAN);
    }
  }

  @Test
  @Rule({"R7", "R21"})
  void shouldNameAtTheGateWhatATransformCannotBe() {
    String wrong =
        """
                transform:
                  orders:
                    rename: { usr: customer_id }
                    drop: [id, total]
                    expression: { seen: { type: timestamptz, sql: now() } }
        """;
    try (Store store = new Store(folder, "", wrong);
        ControlPlane control = store.control()) {
      assertThatThrownBy(() -> control.advance(Store.ORDERS, List.of()))
          .isInstanceOf(GateRefusedException.class)
          .hasMessageContaining(
              "the transform of table public.orders names column usr, which the shared table does not have")
          .hasMessageContaining("drops column id, which tells rows apart");
    }
  }
}
