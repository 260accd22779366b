package dev.ficus.control;

import static dev.ficus.control.UsersFlip.dieAt;
import static dev.ficus.control.UsersFlip.flip;
import static dev.ficus.control.UsersFlip.open;
import static dev.ficus.control.UsersFlip.requireAsBefore;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.control.UsersFlip.Died;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FaultPoints;
import dev.ficus.core.FicusException;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.Rule;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is left of a flip that fails: the old side open and nothing changed, or a flip to finish.
 */
@Rule({"R12", "R13"})
class FlipFailureTest {

  private final Path folder;

  FlipFailureTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void shouldReopenTheOldSideAtOnceWhenAnythingFailsBeforeTheDecision() {
    try (Store store = new Store(folder)) {
      store.bring(Store.USERS, Phase.READS_MOVED);
      for (String point :
          List.of(
              "control.create-slot",
              "flip.fence-closed",
              "flip.marker-applied",
              "flip.stream-stopped",
              "flip.slot-advanced",
              "flip.before-cas")) {
        FaultScript faults = new FaultScript().fail(point, 1);

        assertThatThrownBy(() -> flip(store, faults, Phase.WRITES_MOVED))
            .as(point)
            .isInstanceOf(FaultScript.InjectedFault.class);

        requireAsBefore(store, point);
      }
    }
  }

  @Test
  void shouldTakeBackTheRestOfAFlipWhoseGivingUpDied() {
    try (Store store = new Store(folder)) {
      store.bring(Store.USERS, Phase.READS_MOVED);
      for (String point : List.of("flip.given-up", "flip.reopened", "flip.slots-dropped")) {
        assertThatThrownBy(
                () -> flip(store, dieAt(point).fail("flip.before-cas", 1), Phase.WRITES_MOVED))
            .as(point)
            .isInstanceOf(Died.class);

        try (ControlPlane control = store.control()) {
          assertThat(control.endAbandonedFlip(Store.USERS)).as(point).isTrue();
          assertThat(control.endAbandonedFlip(Store.USERS)).as(point).isFalse();
        }
        requireAsBefore(store, point);
      }
    }
  }

  @Test
  void shouldReopenTheOldSideWithinTheBudgetWhenTheNewOneStandsStill() throws SQLException {
    try (Store store = new Store(folder);
        Connection hung = store.users.connect();
        Statement statement = hung.createStatement()) {
      store.bring(Store.USERS, Phase.READS_MOVED);
      hung.setAutoCommit(false);
      FaultScript faults =
          new FaultScript()
              .run(
                  "flip.marker-applied",
                  1,
                  () -> run(statement, "lock table ficus.stream in access exclusive mode"));
      ControlSettings settings =
          new ControlSettings(
              Duration.ofSeconds(2),
              Duration.ofMillis(100),
              Duration.ofMillis(500),
              Duration.ofMillis(500),
              Duration.ofMinutes(1),
              Duration.ofSeconds(5),
              Duration.ofSeconds(2));
      try (ControlPlane control = store.control(faults, settings)) {
        assertThatThrownBy(() -> control.advance(Store.USERS, List.of()))
            .isInstanceOfSatisfying(
                FicusException.class,
                given -> assertThat(given.kind()).isEqualTo(ErrorKind.NEEDS_PERSON))
            .hasMessageContaining("stopping stream users.forward in users")
            .hasMessageContaining("taking back what had been done failed as well")
            .hasMessageContaining("\"ficus status\" shows which side takes writes");
        assertThat(open(store)).containsExactly(Side.SHARED);

        hung.rollback();
        control.endAbandonedFlip(Store.USERS);
      }
      requireAsBefore(store, "after the new side stood still");
    }
  }

  private static void run(Statement statement, String sql) {
    try {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void shouldSayThatAFlipIsDecidedWhenAStepAfterItFails() {
    try (Store store = new Store(folder)) {
      store.bring(Store.USERS, Phase.READS_MOVED);

      assertThatThrownBy(
              () -> flip(store, new FaultScript().fail("control.flip-open", 1), Phase.WRITES_MOVED))
          .isInstanceOfSatisfying(
              FicusException.class,
              given -> assertThat(given.kind()).isEqualTo(ErrorKind.NEEDS_PERSON))
          .hasMessageContaining(
              "group users has entered WRITES_MOVED, but a step after that failed")
          .hasMessageContaining("run the command again: it finishes what is left");

      assertThat(flip(store, FaultPoints.NONE, Phase.WRITES_MOVED).to())
          .isEqualTo(Phase.WRITES_MOVED);
      assertThat(open(store)).containsExactly(Side.SERVICE);
    }
  }

  @Test
  void shouldReopenTheOldSideAlthoughTheControlStoreDoesNotAnswer() {
    try (Store store = new Store(folder)) {
      store.bring(Store.USERS, Phase.READS_MOVED);
      FaultScript faults =
          new FaultScript()
              .run(
                  "flip.stream-stopped",
                  1,
                  () -> {
                    store.shared.execute("alter table ficus_control.flip rename to gone");
                    throw new IllegalStateException("the store is gone");
                  });

      assertThatThrownBy(() -> flip(store, faults, Phase.WRITES_MOVED))
          .isInstanceOfSatisfying(
              FicusException.class,
              given -> assertThat(given.kind()).isEqualTo(ErrorKind.NEEDS_PERSON))
          .hasMessageContaining("the store is gone")
          .hasMessageContaining("giving up flip");
      assertThat(open(store)).containsExactly(Side.SHARED);

      store.shared.execute("alter table ficus_control.gone rename to flip");
      try (ControlPlane control = store.control()) {
        assertThat(control.endAbandonedFlip(Store.USERS)).isTrue();
      }
      requireAsBefore(store, "after the store came back");
    }
  }

  @Test
  void shouldStopNothingOnceAnotherCommandHasTheGroup() {
    try (Store store = new Store(folder)) {
      store.bring(Store.USERS, Phase.READS_MOVED);
      FaultScript hung =
          new FaultScript()
              .run(
                  "flip.sequences-moved",
                  1,
                  () -> {
                    store.shared.query(
                        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ficus group users for test'");
                    try (ControlPlane other = store.control()) {
                      while (!other.endAbandonedFlip(Store.USERS)) {
                        Thread.onSpinWait();
                      }
                    }
                  });

      assertThatThrownBy(() -> flip(store, hung, Phase.WRITES_MOVED))
          .hasMessageContaining("the lock of group users was lost");
      requireAsBefore(store, "after a command had been overtaken");
    }
  }

  @Test
  void shouldPutRightWhatAnOvertakenCommandHasDone() {
    try (Store store = new Store(folder)) {
      store.bring(Store.USERS, Phase.READS_MOVED);
      store.users.execute("update ficus.stream set state = 'STOPPED', guarded = false");
      store.shared.execute("update ficus.fence set state = 'closed' where group_name = 'users'");

      assertThat(flip(store, FaultPoints.NONE, Phase.WRITES_MOVED).to())
          .isEqualTo(Phase.WRITES_MOVED);
      assertThat(open(store)).containsExactly(Side.SERVICE);
    }
  }

  @Test
  @Rule("R14")
  void shouldNotHandOutAgainWhatWasFetchedWhileTheFlipWasDecided() {
    try (Store store = new Store(folder)) {
      store.bring(Store.USERS, Phase.READS_MOVED);
      String[] fetched = new String[1];
      FaultScript faults =
          new FaultScript()
              .run(
                  "flip.before-cas",
                  1,
                  () -> fetched[0] = store.shared.queryOne("select nextval('users_id_seq')"));

      flip(store, faults, Phase.WRITES_MOVED);

      assertThat(Long.parseLong(store.users.queryOne("select nextval('users_id_seq')")))
          .isGreaterThan(Long.parseLong(fetched[0]));
    }
  }
}
