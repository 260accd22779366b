package dev.ficus.control;

import static dev.ficus.control.UsersFlip.dieAt;
import static dev.ficus.control.UsersFlip.flip;
import static dev.ficus.control.UsersFlip.open;
import static dev.ficus.control.UsersFlip.slots;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.control.ReconciliationRun.Verdict;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FaultPoints;
import dev.ficus.core.FicusException;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.FenceState;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Rule({"R12", "R13"})
class FlipTest {

  private final Path folder;

  FlipTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  @Rule({"R6", "R14"})
  void shouldLoseNothingWhereverAnOperatorsProcessDiesInAFlip() {
    try (Store store = new Store(folder)) {
      store.bring(Store.USERS, Phase.READS_MOVED);
      Set<String> onward = new LinkedHashSet<>();
      Set<String> back = new LinkedHashSet<>();
      try (Writer shared = new Writer(store.shared, "shared");
          Writer service = new Writer(store.users, "service")) {
        FaultScript plain = new FaultScript();
        flip(store, plain, Phase.WRITES_MOVED);
        onward.addAll(plain.reached());
        FaultScript plainBack = new FaultScript();
        flip(store, plainBack, Phase.READS_MOVED);
        back.addAll(plainBack.reached());
        assertThat(onward)
            .contains(
                "flip.fence-closed",
                "flip.marker-applied",
                "flip.sequences-moved",
                "flip.stream-stopped",
                "flip.slot-advanced",
                "flip.before-cas",
                "flip.after-cas",
                "control.flip-open",
                "control.flip-stream");

        List<String> points = new ArrayList<>(onward);
        back.stream().filter(point -> !points.contains(point)).forEach(points::add);
        // Before the first of these nothing has begun.
        points.remove("control.measure-gates");
        for (String point : points) {
          dieAndFinish(store, point, Phase.WRITES_MOVED);
          dieAndFinish(store, point, Phase.READS_MOVED);
          requireEqualSides(store, point);
        }

        shared.end();
        service.end();
        assertThat(shared.unexpected()).isEmpty();
        assertThat(service.unexpected()).isEmpty();
        assertThat(shared.acknowledged()).as("the shared side was never written").isNotEmpty();
        assertThat(service.acknowledged()).as("the service side was never written").isNotEmpty();
        assertThat(store.shared.query("select name from users"))
            .containsAll(shared.acknowledged())
            .containsAll(service.acknowledged());
      }
      assertThat(
              store.shared.queryOne(
                  "select count(*) from ficus_control.flip where finished_at is null"))
          .isEqualTo("0");
      assertThat(slots(store.shared)).containsExactly(slotOf(store, store.users));
      assertThat(slots(store.users)).isEmpty();
    }
  }

  private static String slotOf(Store store, TestDatabase target) {
    assertThat(
            store.shared.queryOne(
                "select phase from ficus_control.migration_group where name = 'users'"))
        .isEqualTo("READS_MOVED");
    return target.queryOne("select slot from ficus.stream where name = 'users.forward'");
  }

  private static void dieAndFinish(Store store, String point, Phase to) {
    try {
      flip(store, dieAt(point), to);
    } catch (UsersFlip.Died expected) {
      // The point may not lie on this direction's way; then nothing died.
    }
    assertThat(open(store))
        .as("open sides after death at %s towards %s", point, to)
        .hasSizeLessThan(2);
    try (ControlPlane control = store.control()) {
      GroupStatus status = control.status(Store.USERS);
      while (status.phase() != to || !status.settled()) {
        flip(store, FaultPoints.NONE, to);
        status = control.status(Store.USERS);
      }
      assertThat(open(store))
          .as("open sides after death at %s towards %s, finished", point, to)
          .containsExactly(to.writeSide());
    }
  }

  private static void requireEqualSides(Store store, String point) {
    try (ControlPlane control = store.control()) {
      ReconciliationRun run = control.reconcile(Store.USERS);
      assertThat(run.verdict())
          .as("comparison after deaths at %s: %s %s", point, run.findings(), run.reason())
          .isEqualTo(Verdict.CLEAN);
    }
  }

  @Test
  void shouldGiveUpAFlipThatTakesLongerThanItsBudget() {
    try (Store store = new Store(folder)) {
      store.bring(Store.USERS, Phase.READS_MOVED);
      FaultScript slow = new FaultScript().slow("flip.sequences-moved", 1, Duration.ofMillis(700));
      ControlSettings settings = ControlSettings.DEFAULT.withFlipBudget(Duration.ofMillis(600));
      try (ControlPlane control = store.control(slow, settings)) {
        assertThatThrownBy(() -> control.advance(Store.USERS, List.of()))
            .isInstanceOfSatisfying(
                FicusException.class,
                given -> assertThat(given.kind()).isEqualTo(ErrorKind.ABORTED))
            .hasMessageContaining("longer than the budget of 600 ms");
        assertThat(open(store)).containsExactly(Side.SHARED);
        assertThat(control.status(Store.USERS).phase()).isEqualTo(Phase.READS_MOVED);
      }
    }
  }

  @Test
  void shouldKeepOutAWriterWhoseSnapshotIsOlderThanTheFlip() throws SQLException {
    try (Store store = new Store(folder);
        Connection old = store.shared.connect();
        Statement statement = old.createStatement()) {
      store.bring(Store.USERS, Phase.READS_MOVED);
      old.setAutoCommit(false);
      old.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      // Any statement takes the snapshot; one on users would also hold up the release of its key.
      statement.execute("select count(*) from order_items");

      flip(store, FaultPoints.NONE, Phase.WRITES_MOVED);

      assertThatThrownBy(() -> statement.execute("insert into users (name) values ('forked')"))
          .isInstanceOfSatisfying(
              SQLException.class, late -> assertThat(late.getSQLState()).isEqualTo("40001"));
      old.rollback();
      assertThat(store.users.queryOne("select count(*) from users")).isEqualTo("50");
    }
  }

  @Test
  @Rule({"R18", "R21"})
  void shouldNameLongTransactionsBeforehandAndGiveUpWhenTheyDoNotEnd() throws SQLException {
    try (Store store = new Store(folder);
        Connection writer = store.shared.connect();
        Statement statement = writer.createStatement()) {
      store.bring(Store.USERS, Phase.READS_MOVED);
      statement.execute("set application_name = 'nightly report'");
      writer.setAutoCommit(false);
      statement.execute("insert into users (name) values ('in flight')");
      ControlSettings settings =
          new ControlSettings(
              Duration.ofSeconds(5),
              Duration.ofMillis(100),
              Duration.ofMillis(600),
              Duration.ofSeconds(20),
              Duration.ofMinutes(1),
              Duration.ofSeconds(5),
              Duration.ZERO);
      try (ControlPlane control = store.control(FaultPoints.NONE, settings)) {
        assertThatThrownBy(() -> control.advance(Store.USERS, List.of()))
            .isInstanceOfSatisfying(
                GateRefusedException.class,
                refused ->
                    assertThat(refused.unmet())
                        .extracting(GateResult::gate)
                        .containsExactly("long-transactions"))
            .hasMessageContaining("application \"nightly report\"")
            .hasMessageContaining("has written tables of the group")
            .hasMessageContaining("pid ");

        GateOverride override =
            new GateOverride("long-transactions", "ann", "the report ends in time");
        assertThatThrownBy(() -> control.advance(Store.USERS, List.of(override)))
            .isInstanceOfSatisfying(
                FicusException.class,
                given -> assertThat(given.kind()).isEqualTo(ErrorKind.ABORTED));
        assertThat(control.status(Store.USERS).sharedFence().map(Fence.Reading::state))
            .contains(FenceState.OPEN);
        writer.commit();

        control.advance(Store.USERS, List.of(override));
      }
      assertThat(store.users.queryOne("select count(*) from users where name = 'in flight'"))
          .isEqualTo("1");
      assertThat(
              store.shared.query(
                  "select detail -> 'overrides' -> 0 ->> 'reason' from ficus_control.journal where outcome = 'DONE' and to_phase = 'WRITES_MOVED'"))
          .containsExactly("the report ends in time");
    }
  }
}
