package dev.ficus.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.control.internal.relay.RunningRelay;
import dev.ficus.core.FaultPoints;
import dev.ficus.core.Phase;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.FenceState;
import dev.ficus.relay.RelayRole;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.Rule;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Flips whose command has died while a relay runs as {@code ficus relay} runs it. */
@Rule("R13")
class AbandonedFlipTest {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Path folder;

  AbandonedFlipTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private static final class Died extends Error {
    private static final long serialVersionUID = 1L;
  }

  @Test
  void shouldReopenTheOldSideOfAFlipThatWasNotDecided() {
    try (Store store = new Store(folder)) {
      store.bring(Store.USERS, Phase.READS_MOVED);
      dieInAFlip(store, "flip.slot-advanced");
      assertThat(fence(store).sharedFence().map(Fence.Reading::state)).contains(FenceState.CLOSED);

      whileARelayRuns(store, () -> await(store, status -> isOpen(status.sharedFence())));
      assertThat(fence(store).phase()).isEqualTo(Phase.READS_MOVED);
      assertThat(journal(store)).containsExactly("give up flip BEGUN", "give up flip DONE");
    }
  }

  @Test
  void shouldFinishAFlipThatWasDecided() {
    try (Store store = new Store(folder)) {
      store.bring(Store.USERS, Phase.READS_MOVED);
      dieInAFlip(store, "flip.after-cas");

      whileARelayRuns(
          store, () -> await(store, status -> isOpen(status.serviceFence()) && status.settled()));
      assertThat(fence(store).phase()).isEqualTo(Phase.WRITES_MOVED);
      assertThat(journal(store))
          .containsExactly("advance (finishing) BEGUN", "advance (finishing) DONE");
    }
  }

  @Test
  void shouldLeaveAFlipToItsCommandWhileThatLives() {
    try (Store store = new Store(folder)) {
      store.bring(Store.USERS, Phase.READS_MOVED);
      // Long enough for a relay to look twice.
      FaultScript slow = new FaultScript().slow("flip.sequences-moved", 1, Duration.ofSeconds(3));

      whileARelayRuns(
          store,
          () -> {
            try (ControlPlane control = store.control(slow)) {
              assertThat(control.advance(Store.USERS, List.of()).to())
                  .isEqualTo(Phase.WRITES_MOVED);
            }
          });
      assertThat(journal(store)).isEmpty();
    }
  }

  private static void dieInAFlip(Store store, String point) {
    FaultPoints death =
        new FaultScript()
            .run(
                point,
                1,
                () -> {
                  throw new Died();
                });
    try (ControlPlane control = store.control(death)) {
      assertThatThrownBy(() -> control.advance(Store.USERS, List.of())).isInstanceOf(Died.class);
    }
  }

  private static void whileARelayRuns(Store store, Runnable action) {
    RunningRelay relay =
        RunningRelay.start(store.manifest, EnumSet.allOf(RelayRole.class), Optional.empty());
    try {
      action.run();
    } finally {
      relay.close();
    }
  }

  private static boolean isOpen(Optional<Fence.Reading> fence) {
    return fence.map(Fence.Reading::state).equals(Optional.of(FenceState.OPEN));
  }

  private static GroupStatus fence(Store store) {
    try (ControlPlane control = store.control()) {
      return control.status(Store.USERS);
    }
  }

  private static void await(Store store, Predicate<GroupStatus> expected) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      GroupStatus status = fence(store);
      if (expected.test(status)) {
        return;
      }
      assertThat(System.nanoTime()).as("still %s", status).isLessThan(deadline);
      LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
    }
  }

  private static List<String> journal(Store store) {
    return store.shared.query(
        "select command || ' ' || outcome from ficus_control.journal where actor = 'relay' order by id");
  }
}
