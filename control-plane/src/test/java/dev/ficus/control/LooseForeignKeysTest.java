package dev.ficus.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.control.ReconciliationRun.Verdict;
import dev.ficus.core.Phase;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Deletes of users reach their orders, wherever either of them is written. */
class LooseForeignKeysTest {

  private final Path folder;

  LooseForeignKeysTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  @Rule({"R12", "R15"})
  void shouldCarryDeletesWhereverParentsAndChildrenAreWrittenAndWhileTheyMove() {
    try (Store store = Store.withLooseForeignKey(folder, "cascade");
        ControlPlane control = store.control()) {
      store.bring(Store.ORDERS, Phase.WRITES_MOVED);
      // Users in shared, orders in their service database.
      deleteUser(store.shared, 1);
      awaitNoOrders(store, 1);

      store.bring(Store.USERS, Phase.WRITES_MOVED);
      // Both in their service databases.
      deleteUser(store.users, 2);
      awaitNoOrders(store, 2);

      control.rollback(Store.ORDERS);
      // Users in their service database, orders in shared.
      deleteUser(store.users, 3);
      awaitNoOrders(store, 3);
      assertThatThrownBy(() -> control.advance(Store.USERS, List.of()))
          .isInstanceOf(GateRefusedException.class)
          .hasMessageContaining(
              "loose-foreign-keys: no stream would carry deletes for public.orders(user_id)");

      try (Deleter deleter = new Deleter(store.users)) {
        for (int flip = 0; flip < 2; flip++) {
          control.advance(Store.ORDERS, List.of());
          control.rollback(Store.ORDERS);
        }
        deleter.end();
        assertThat(deleter.last()).as("users deleted while orders moved").isGreaterThan(10);
        for (int user = 4; user <= deleter.last(); user++) {
          awaitNoOrders(store, user);
        }
      }
      assertThat(control.reconcile(Store.ORDERS).verdict()).isEqualTo(Verdict.CLEAN);

      control.rollback(Store.USERS);
      assertThat(
              store.shared.queryOne(
                  "select convalidated from pg_constraint where conname = 'orders_user_id_fkey'"))
          .isEqualTo("t");
      assertThatThrownBy(() -> store.shared.execute("delete from users where id = 50"))
          .hasRootCauseMessage(
              "ERROR: update or delete on table \"users\" violates foreign key constraint \"orders_user_id_fkey\" on table \"orders\"\n  Detail: Key (id)=(50) is still referenced from table \"orders\".");
    }
  }

  private static void deleteUser(TestDatabase database, int user) {
    database.execute("delete from users where id = " + user);
  }

  private static void awaitNoOrders(Store store, int user) {
    for (TestDatabase database : List.of(store.shared, store.orders)) {
      database.await("select count(*) from orders where user_id = " + user, "0");
    }
  }

  /** Deletes one user after another, from the fourth on. */
  private static final class Deleter implements AutoCloseable {

    private final AtomicInteger last = new AtomicInteger(3);
    private volatile boolean ended;
    private final Thread thread;

    Deleter(TestDatabase database) {
      this.thread =
          new Thread(
              () -> {
                while (!ended && last.get() < 49) {
                  deleteUser(database, last.get() + 1);
                  last.incrementAndGet();
                  LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
                }
              },
              "deleter");
      thread.start();
    }

    int last() {
      return last.get();
    }

    void end() {
      ended = true;
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void close() {
      end();
    }
  }

  @Test
  @Rule({"R15", "R17", "R21"})
  void shouldTellOrphansAndKeepTheWayBackFromFailingOnThem() throws Exception {
    try (Store store = Store.withLooseForeignKey(folder, "restrict-report");
        ControlPlane control = store.control()) {
      store.bring(Store.ORDERS, Phase.FOLLOWING);
      store.bring(Store.USERS, Phase.WRITES_MOVED);
      assertThat(control.reconcile(Store.ORDERS).verdict()).isEqualTo(Verdict.CLEAN);
      deleteUser(store.users, 7);

      ReconciliationRun run = control.reconcile(Store.ORDERS);
      assertThat(run.verdict()).isEqualTo(Verdict.MISMATCH);
      assertThat(run.findings())
          .extracting(finding -> finding.kind() + " " + finding.table() + " " + finding.key())
          .containsExactly(
              "ORPHAN public.orders [\"106\"]",
              "ORPHAN public.orders [\"156\"]",
              "ORPHAN public.orders [\"56\"]",
              "ORPHAN public.orders [\"6\"]");
      assertThat(run.reason())
          .isEqualTo(
              "4 rows point to nobody by loose foreign key public.orders(user_id) -> public.users(id)");
      assertThat(StreamReport.of(store.manifest, Duration.ZERO).deletedParents())
          .containsExactly(
              new DeletedParents("public.orders(user_id)", "shared", 1, 4, Optional.empty()));

      assertThatThrownBy(() -> control.rollback(Store.USERS))
          .isInstanceOf(GateRefusedException.class)
          .hasMessageContaining(
              "foreign-keys: orders_user_id_fkey of public.orders: 4 rows point to nobody in public.users");
      assertThat(control.status(Store.USERS).phase()).isEqualTo(Phase.WRITES_MOVED);

      GateOverride override = new GateOverride("foreign-keys", "ann", "the way back cannot wait");
      assertThatThrownBy(() -> control.rollback(Store.USERS, List.of(override)))
          .hasMessageContaining("restoring foreign key orders_user_id_fkey of public.orders");
      assertThat(control.status(Store.USERS).phase()).isEqualTo(Phase.READS_MOVED);
      assertThat(control.status(Store.USERS).settled()).isFalse();
      store.shared.execute("insert into users (name) values ('writes have moved')");

      store.shared.execute("delete from orders where user_id = 7");
      control.rollback(Store.USERS);
      assertThat(control.status(Store.USERS).settled()).isTrue();
      assertThat(
              store.shared.queryOne(
                  "select convalidated from pg_constraint where conname = 'orders_user_id_fkey'"))
          .isEqualTo("t");
    }
  }

  @Test
  @Rule("R17")
  void shouldCallAnOrphanCheckUnknownWhereTheParentsStreamStandsStill() {
    try (Store store = Store.withLooseForeignKey(folder, "cascade");
        ControlPlane control = store.control()) {
      store.bring(Store.ORDERS, Phase.WRITES_MOVED);
      store.bring(Store.USERS, Phase.SEALED);
      assertThatThrownBy(() -> control.rollback(Store.ORDERS))
          .isInstanceOf(GateRefusedException.class)
          .hasMessageContaining("loose-foreign-keys: no stream would carry deletes for")
          .hasMessageContaining("(group orders written in shared, group users SEALED)");
      store.bring(Store.ORDERS, Phase.SEALED);
      assertThat(control.reconcile(Store.ORDERS).verdict()).isEqualTo(Verdict.CLEAN);
      // As a client does that saw the user a moment before the user's delete arrived.
      store.orders.execute("insert into orders (user_id, status, total) values (999, 'paid', 1)");
      ReconciliationRun late = control.reconcile(Store.ORDERS);
      assertThat(late.verdict()).isEqualTo(Verdict.MISMATCH);
      assertThat(late.findings())
          .extracting(finding -> finding.kind() + " " + finding.key())
          .containsExactly("ORPHAN [\"201\"]");
      store.orders.execute("delete from orders where user_id = 999");
      store.orders.execute(
          "update ficus.stream set state = 'STOPPED' where name = 'users.reference.orders'");

      ReconciliationRun run = control.reconcile(Store.ORDERS);

      assertThat(run.verdict()).isEqualTo(Verdict.UNKNOWN);
      assertThat(run.reason()).contains("stream users.reference.orders").contains("is STOPPED");
    }
  }
}
