package dev.ficus.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.control.ReconciliationRun.Verdict;
import dev.ficus.core.Epoch;
import dev.ficus.core.FaultPoints;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.postgres.StreamState;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** Flips of group users, and what is to be seen of them in the databases. */
final class UsersFlip {

  private UsersFlip() {}

  /** What a process does that is killed: no catch clause of the product runs. */
  static final class Died extends Error {
    static final long serialVersionUID = 1L;
  }

  static FaultScript dieAt(String point) {
    return new FaultScript()
        .run(
            point,
            1,
            () -> {
              throw new Died();
            });
  }

  static Outcome flip(Store store, FaultPoints faults, Phase to) {
    try (ControlPlane control = store.control(faults)) {
      return to == Phase.WRITES_MOVED
          ? control.advance(Store.USERS, List.of())
          : control.rollback(Store.USERS);
    }
  }

  static List<String> slots(TestDatabase database) {
    return database.query(
        "select slot_name from pg_replication_slots where database = current_database()");
  }

  /** Asks the databases themselves: a write that is rolled back tells whether it would come in. */
  static List<Side> open(Store store) {
    List<Side> open = new ArrayList<>();
    if (accepts(store.shared)) {
      open.add(Side.SHARED);
    }
    if (accepts(store.users)) {
      open.add(Side.SERVICE);
    }
    return open;
  }

  private static boolean accepts(TestDatabase database) {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("insert into users (name) values ('probe')");
      connection.rollback();
      return true;
    } catch (SQLException e) {
      assertThat(e.getSQLState()).isEqualTo("FI001");
      return false;
    }
  }

  /** The group is in READS_MOVED, as if no flip had ever been begun. */
  static void requireAsBefore(Store store, String when) {
    assertThat(open(store)).as(when).containsExactly(Side.SHARED);
    try (ControlPlane control = store.control()) {
      GroupStatus status = control.status(Store.USERS);
      assertThat(status.phase()).as(when).isEqualTo(Phase.READS_MOVED);
      assertThat(status.epoch()).as(when).isEqualTo(Epoch.FIRST);
      assertThat(status.streams())
          .as(when)
          .singleElement()
          .satisfies(
              stream -> {
                assertThat(stream.state()).isEqualTo(StreamState.STREAMING);
                assertThat(stream.guarded()).isTrue();
              });
      assertThat(control.reconcile(Store.USERS).verdict()).as(when).isEqualTo(Verdict.CLEAN);
    }
    assertThat(slots(store.users)).as(when).isEmpty();
    assertThat(
            store.shared.queryOne(
                "select convalidated from pg_constraint where conname = 'orders_user_id_fkey'"))
        .as(when)
        .isEqualTo("t");
  }
}
