package dev.ficus.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.control.Plan.PlannedStep;
import dev.ficus.core.Phase;
import dev.ficus.testkit.FaultScript;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanTest {

  private static final String PARTITIONED =
      """
      drop table order_items;
      create table order_items (order_id bigint, line int, sku text not null, primary key (order_id, line)) partition by range (order_id);
      create table order_items_1 partition of order_items for values from (minvalue) to (100);
      create table order_items_2 partition of order_items for values from (100) to (maxvalue);
      """;

  private final Path folder;

  PlanTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void shouldShowTheSqlOfEveryStepThatChangesADatabase() {
    try (Store store = new Store(folder, PARTITIONED, "");
        ControlPlane control = store.control()) {
      store.bring(Store.USERS, Phase.FOLLOWING);
      List<String> silent = new ArrayList<>();
      while (control.status(Store.ORDERS).phase() != Phase.RETIRED) {
        Plan plan = control.plan(Store.ORDERS);
        plan.steps().stream()
            .filter(step -> step.sql().isEmpty())
            .map(PlannedStep::title)
            // What waits, reads, and is noted in the control store; the migration is shown where it
            // is written.
            .filter(title -> !title.matches("(Wait|Note|Archive|Apply the migrations|Complete) .*"))
            .forEach(silent::add);
        if (plan.to() == Phase.PROVISIONED) {
          assertThat(sql(plan))
              .contains(" migrations up to version ")
              .contains(
                  "in shared: insert into ficus.fence (group_name, state, epoch) values ('orders',"
                      + " 'open', 1)")
              .contains(
                  "in orders: create or replace trigger ficus_fence_row before insert or update or"
                      + " delete on \"public\".\"order_items\"")
              .contains(
                  "in orders: create or replace trigger ficus_fence before insert or update or"
                      + " delete on \"public\".\"order_items_1\"")
              .contains(
                  "in shared: alter table \"public\".\"order_items_2\" disable trigger"
                      + " ficus_fence_row");
        }
        if (plan.to() == Phase.WRITES_MOVED) {
          assertThat(sql(plan))
              .containsSubsequence(
                  "in shared: alter table \"public\".\"orders\" drop constraint if exists"
                      + " \"orders_user_id_fkey\"",
                  "in orders: create publication \"ficus_orders_reverse_2\" for table"
                      + " \"public\".\"orders\", \"public\".\"order_items\" with"
                      + " (publish_via_partition_root = true)",
                  "in orders: select pg_create_logical_replication_slot('ficus_orders_reverse_2',"
                      + " 'pgoutput'",
                  "in shared: select pg_advisory_xact_lock(1179206485, ficus.fence_key('orders'))",
                  "in shared: update ficus.fence set state = 'closed', epoch = 1",
                  "in shared: select pg_logical_emit_message(true, 'ficus', 'marker')",
                  "in orders: select setval('\"public\".\"orders_id_seq\"'::regclass, <the next"
                      + " value of public.orders_id_seq",
                  "in orders: update ficus.stream set state = 'STOPPED'",
                  "in orders: select end_lsn::text from"
                      + " pg_replication_slot_advance('ficus_orders_reverse_2'",
                  "in control-store: update ficus_control.flip set decided_at",
                  "in control-store: update ficus_control.migration_group set",
                  "in orders: update ficus.fence set state = 'open', epoch = 2",
                  "in shared: select pg_drop_replication_slot(slot_name) from pg_replication_slots"
                      + " where slot_name = 'ficus_orders_forward_1'",
                  "in shared: drop publication if exists \"ficus_orders_forward_1\"",
                  "in orders: delete from ficus.guard where group_name = 'orders' and epoch < 2");
        }
        control.advance(Store.ORDERS, List.of());
      }
      assertThat(silent).isEmpty();
    }
  }

  @Test
  void shouldShowTheConditionOfTriggersThatALesserRoleNeeds() {
    try (Store store = Store.ofPlainRole(folder);
        ControlPlane control = store.control()) {
      assertThat(sql(control.plan(Store.USERS)))
          .contains("for each statement when (current_user not in (")
          .contains("execute function ficus.check_fence('users')");
    }
  }

  @Test
  void shouldSayWhatAnEarlierCommandHasLeftUnfinishedInsteadOfTheNextPhase() {
    try (Store store = new Store(folder)) {
      store.bring(Store.USERS, Phase.READS_MOVED);
      dieAt(store, "flip.fence-closed");
      try (ControlPlane control = store.control()) {
        Plan undecided = control.plan(Store.USERS);
        assertThat(undecided.to()).isEqualTo(Phase.READS_MOVED);
        assertThat(undecided.steps()).hasSize(1);
        assertThat(undecided.unfinished().orElseThrow())
            .startsWith("a flip into WRITES_MOVED was begun and is not decided");
      }
      dieAt(store, "flip.after-cas");
      try (ControlPlane control = store.control()) {
        Plan unsettled = control.plan(Store.USERS);
        assertThat(unsettled.to()).isEqualTo(Phase.WRITES_MOVED);
        assertThat(unsettled.steps().get(0).title()).startsWith("Open the fence in users");
        assertThat(unsettled.unfinished())
            .contains("the group has entered WRITES_MOVED; advance first finishes that");
      }
    }
  }

  private static void dieAt(Store store, String point) {
    FaultScript death =
        new FaultScript()
            .run(
                point,
                1,
                () -> {
                  throw new LinkageError("killed");
                });
    try (ControlPlane control = store.control(death)) {
      assertThatThrownBy(() -> control.advance(Store.USERS, List.of()))
          .isInstanceOf(LinkageError.class);
    }
  }

  private static String sql(Plan plan) {
    StringBuilder text = new StringBuilder();
    for (PlannedStep step : plan.steps()) {
      step.sql().forEach(sql -> text.append("in " + sql.database() + ": " + sql.text() + "\n"));
    }
    return text.toString();
  }
}
