package dev.ficus.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Phase;
import dev.ficus.core.TableName;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A slot that nobody reads fills its server's disk: none may outlive its stream. */
@Rule("R6")
class NoSlotLeftTest {

  private final Path folder;

  NoSlotLeftTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void shouldLeaveNoSlotBehindWhereverAGroupIsRolledBackFrom() {
    try (Store store = new Store(folder);
        ControlPlane control = store.control()) {
      // Rolling back from the last three passes through every phase between.
      for (Phase phase :
          List.of(
              Phase.PROVISIONED,
              Phase.COPYING,
              Phase.FOLLOWING,
              Phase.READS_MOVED,
              Phase.WRITES_MOVED,
              Phase.RETIRED)) {
        store.bring(Store.ORDERS, phase);
        Phase floor = phase == Phase.RETIRED ? Phase.SHARED : Phase.PROVISIONED;
        while (control.status(Store.ORDERS).phase().compareTo(floor) > 0) {
          control.rollback(Store.ORDERS);
        }
        assertNothingLeft(store, phase);
      }
    }
  }

  @Test
  void shouldLeaveNoSlotBehindOnceTablesAreDropped() {
    try (Store store = new Store(folder);
        ControlPlane control = store.control()) {
      store.bring(Store.USERS, Phase.RETIRED);
      control.drop(Store.USERS, List.of(TableName.parse("users")), Map.of());

      assertNothingLeft(store, Phase.DROPPED);
    }
  }

  private static void assertNothingLeft(Store store, Phase from) {
    for (TestDatabase database : List.of(store.shared, store.users, store.orders)) {
      assertThat(
              database.query(
                  "select slot_name from pg_replication_slots where database = current_database()"))
          .as("slots after %s", from)
          .isEmpty();
      assertThat(database.query("select pubname from pg_publication"))
          .as("publications after %s", from)
          .isEmpty();
    }
    assertThat(Diagnosis.of(store.manifest, Optional.empty()).findings())
        .as("after %s", from)
        .noneMatch(finding -> finding.check().equals("leftovers"));
  }
}
