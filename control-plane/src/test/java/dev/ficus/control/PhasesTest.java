package dev.ficus.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.control.ReconciliationRun.Verdict;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.DependentDecision;
import dev.ficus.postgres.FenceState;
import dev.ficus.testkit.Rule;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PhasesTest {

  private static final List<TableName> ORDER_TABLES =
      List.of(TableName.parse("orders"), TableName.parse("order_items"));

  private final Path folder;

  PhasesTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  @Rule({"R14", "R15", "R19"})
  void shouldTakeTwoGroupsFromSharedToDroppedWithoutLosingARow() throws Exception {
    try (Store store = new Store(folder);
        ControlPlane control = store.control()) {
      String usersBefore = content(store.shared.query("select u::text from users u order by id"));
      for (GroupName group : List.of(Store.ORDERS, Store.USERS)) {
        store.bring(group, Phase.WRITES_MOVED);
      }
      assertThat(content(store.users.query("select u::text from users u order by id")))
          .isEqualTo(usersBefore);
      store.users.execute("insert into users (name) values ('late')");
      store.orders.execute(
          "insert into orders (user_id, status, total) values (51, 'paid', 1); insert into"
              + " order_items values (201, 1, 'x')");
      assertThat(store.orders.queryOne("select max(id) from orders")).isEqualTo("201");
      assertThat(store.users.queryOne("select max(id) from users")).isEqualTo("51");
      for (GroupName group : List.of(Store.USERS, Store.ORDERS)) {
        store.bring(group, Phase.SEALED);
      }
      assertThat(store.shared.queryOne("select count(*) from orders")).isEqualTo("201");
      assertThat(store.orders.queryOne("select name from users where id = 51")).isEqualTo("late");
      store.users.execute("update users set name = 'renamed' where id = 51");
      for (GroupName group : List.of(Store.USERS, Store.ORDERS)) {
        store.bring(group, Phase.RETIRED);
      }
      assertThat(
              store.shared.queryOne("select count(*) from pg_tables where schemaname = 'public'"))
          .isEqualTo("0");

      assertThatThrownBy(() -> control.drop(Store.ORDERS, List.of(), Map.of()))
          .isInstanceOf(GateRefusedException.class)
          .hasMessageContaining("--confirm public.orders,public.order_items");
      control.drop(Store.USERS, List.of(TableName.parse("users")), Map.of());
      Outcome dropped = control.drop(Store.ORDERS, ORDER_TABLES, Map.of());

      assertThat(dropped.to()).isEqualTo(Phase.DROPPED);
      assertThat(
              store.shared.queryOne(
                  "select count(*) from pg_tables where schemaname = 'ficus_retired'"))
          .isEqualTo("0");
      try (var archives = Files.list(folder.resolve("archive"))) {
        assertThat(archives).hasSize(2);
      }
      try (var archives = Files.list(folder.resolve("archive"))) {
        Path orders =
            archives
                .filter(it -> it.getFileName().toString().startsWith("orders"))
                .findFirst()
                .orElseThrow();
        assertThat(Files.readString(orders.resolve("schema.sql")))
            .contains(
                "public.orders.orders_user_id_fkey: FOREIGN KEY (user_id) REFERENCES public.users(id)")
            .doesNotContain("No foreign key leaves the group");
      }
      assertThat(
              store.shared.query(
                  "select slot_name from pg_replication_slots where database = current_database()"))
          .isEmpty();
      assertThat(
              store.users.query(
                  "select slot_name from pg_replication_slots where database = current_database()"))
          .containsExactly("ficus_users_reference_orders_2");
      store.orders.await("select name from users where id = 51", "renamed");
    }
  }

  private static String content(List<String> rows) {
    return String.join("\n", rows);
  }

  @Test
  @Rule("R13")
  void shouldComeBackFromEveryPhaseWithoutLosingARow() {
    try (Store store = new Store(folder);
        ControlPlane control = store.control()) {
      store.bring(Store.USERS, Phase.RETIRED);
      List<Phase> visited = new ArrayList<>();
      while (control.status(Store.USERS).phase() != Phase.SHARED) {
        visited.add(control.rollback(Store.USERS).to());
        Side write = Side.of(control.status(Store.USERS).phase());
        database(store, write)
            .execute("insert into users (name) values ('at " + visited.size() + "')");
      }

      assertThat(visited)
          .containsExactly(
              Phase.SEALED,
              Phase.WRITES_MOVED,
              Phase.READS_MOVED,
              Phase.READS_MOVING,
              Phase.READS_SHADOWED,
              Phase.DUAL_WRITING,
              Phase.FOLLOWING,
              Phase.PROVISIONED,
              Phase.SHARED);
      assertThat(store.shared.queryOne("select count(*) from users")).isEqualTo("59");
      assertThat(store.shared.query("select name from users where id > 50 order by id"))
          .containsExactly("at 1", "at 2", "at 3", "at 4", "at 5", "at 6", "at 7", "at 8", "at 9");
      assertThat(store.users.queryOne("select to_regclass('public.users')")).isEqualTo("null");
      assertThat(store.shared.query("select tgname from pg_trigger where tgname like 'ficus%'"))
          .isEmpty();
      assertThat(
              store.shared.queryOne(
                  "select convalidated from pg_constraint where conname = 'orders_user_id_fkey'"))
          .isEqualTo("t");
      assertThat(
              store.shared.query(
                  "select slot_name from pg_replication_slots where database = current_database()"))
          .isEmpty();
      assertThat(
              store.users.query(
                  "select slot_name from pg_replication_slots where database = current_database()"))
          .isEmpty();

      store.bring(Store.USERS, Phase.WRITES_MOVED);
      assertThat(store.users.queryOne("select count(*) from users")).isEqualTo("59");
    }
  }

  private enum Side {
    SHARED,
    SERVICE;

    static Side of(Phase phase) {
      return phase.writeSide() == dev.ficus.core.Side.SHARED ? SHARED : SERVICE;
    }
  }

  private static dev.ficus.testkit.TestDatabase database(Store store, Side side) {
    return side == Side.SHARED ? store.shared : store.users;
  }

  @Test
  @Rule("R19")
  void shouldBlockADropUntilDependentsAreDecidedAndTablesUnused() {
    try (Store store = new Store(folder);
        ControlPlane control = store.control()) {
      store.shared.execute(
          "create view overview as select o.id, u.name from orders o join users u on u.id ="
              + " o.user_id");
      store.bring(Store.ORDERS, Phase.RETIRED);

      assertThatThrownBy(() -> control.advance(Store.ORDERS, List.of()))
          .isInstanceOf(FicusException.class)
          .hasMessageContaining("ficus drop orders --confirm public.orders,public.order_items");
      assertThatThrownBy(() -> control.drop(Store.ORDERS, ORDER_TABLES, Map.of()))
          .isInstanceOf(GateRefusedException.class)
          .hasMessageContaining("view public.overview undecided");
      store.shared.query("select * from overview");
      assertThatThrownBy(
              () -> {
                // The server counts the use when the session ends, a moment later.
                for (int i = 0; i < 100; i++) {
                  control.drop(Store.ORDERS, ORDER_TABLES, Map.of());
                }
              })
          .isInstanceOf(GateRefusedException.class)
          .hasMessageContaining("unused: used since ")
          .hasMessageContaining(
              "ficus_retired.orders: scans 1, rows written 0; the soak begins again at");
      control.drop(Store.ORDERS, ORDER_TABLES, Map.of("public.overview", DependentDecision.DROP));

      assertThat(store.shared.queryOne("select to_regclass('public.overview')")).isEqualTo("null");
    }
  }

  @Test
  @Rule("R19")
  void shouldFinishADropWhoseCommandDiedBeforeItsDecision() {
    try (Store store = new Store(folder)) {
      store.bring(Store.ORDERS, Phase.RETIRED);
      try (ControlPlane dying = store.control(UsersFlip.dieAt("control.drop-tables"))) {
        assertThatThrownBy(() -> dying.drop(Store.ORDERS, ORDER_TABLES, Map.of()))
            .isInstanceOf(UsersFlip.Died.class);
      }
      try (ControlPlane control = store.control()) {
        assertThatThrownBy(() -> control.rollback(Store.ORDERS))
            .hasMessageContaining("have been dropped; only their archive remains");
        assertThat(control.status(Store.ORDERS).phase()).isEqualTo(Phase.RETIRED);

        assertThat(control.drop(Store.ORDERS, ORDER_TABLES, Map.of()).to())
            .isEqualTo(Phase.DROPPED);
      }
    }
  }

  @Test
  void shouldGoBackFromARetirementWhoseCommandDiedBeforeItsDecision() {
    try (Store store = new Store(folder)) {
      store.bring(Store.USERS, Phase.SEALED);
      try (ControlPlane dying = store.control(UsersFlip.dieAt("control.retire"))) {
        assertThatThrownBy(() -> dying.advance(Store.USERS, List.of()))
            .isInstanceOf(UsersFlip.Died.class);
      }
      try (ControlPlane control = store.control()) {
        assertThat(control.rollback(Store.USERS).to()).isEqualTo(Phase.WRITES_MOVED);
        assertThat(control.reconcile(Store.USERS).verdict()).isEqualTo(Verdict.CLEAN);
      }
    }
  }

  @Test
  void shouldGoOnWithAFailedStreamOnceItsCauseIsMended() {
    try (Store store = new Store(folder);
        ControlPlane control = store.control()) {
      store.bring(Store.USERS, Phase.FOLLOWING);
      assertThatThrownBy(() -> control.retry(Store.USERS))
          .hasMessageContaining("no stream of group users has failed");
      store.users.execute("alter table users add constraint strict check (name <> 'odd')");
      store.shared.execute("insert into users (name) values ('odd')");
      await(store, "FAILED");
      assertThat(store.users.queryOne("select advice from ficus.stream"))
          .contains("then run \"ficus retry\" for the group");

      store.users.execute("alter table users drop constraint strict");
      assertThat(control.retry(Store.USERS)).hasSize(1);

      assertThat(control.advance(Store.USERS, List.of()).to()).isEqualTo(Phase.DUAL_WRITING);
      assertThat(store.users.queryOne("select count(*) from users where name = 'odd'"))
          .isEqualTo("1");
    }
  }

  private static void await(Store store, String state) {
    long deadline = System.nanoTime() + Duration.ofMinutes(1).toNanos();
    while (!store.users.queryOne("select state from ficus.stream").equals(state)) {
      assertThat(System.nanoTime()).as("waiting for %s", state).isLessThan(deadline);
      LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
    }
  }

  @Test
  void shouldRefuseASecondOperatorAndNameTheFirst() {
    try (Store store = new Store(folder)) {
      var faults = new dev.ficus.testkit.FaultScript();
      ControlPlane second = store.control();
      faults.run(
          "control.install-ficus",
          1,
          () ->
              assertThatThrownBy(() -> second.advance(Store.USERS, List.of()))
                  .isInstanceOfSatisfying(
                      FicusException.class,
                      refused -> assertThat(refused.kind()).isEqualTo(ErrorKind.ABORTED))
                  .hasMessageContaining(
                      "another command works on group users: \"ficus group users for test\""));
      try (ControlPlane first = store.control(faults)) {
        first.advance(Store.USERS, List.of());
      }
      assertThat(faults.reached()).contains("control.install-ficus");
      GroupStatus status = second.status(Store.USERS);
      assertThat(status.phase()).isEqualTo(Phase.PROVISIONED);
      assertThat(status.sharedFence().orElseThrow().state()).isEqualTo(FenceState.OPEN);
      assertThat(status.serviceFence().orElseThrow().state()).isEqualTo(FenceState.CLOSED);
      assertThat(store.shared.query("select outcome from ficus_control.journal order by id"))
          .containsExactly("BEGUN", "DONE");
    }
  }
}
