package dev.ficus.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.control.ReconciliationRun.Verdict;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.FenceState;
import dev.ficus.testkit.Rule;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A group whose services do not embed the library: forward stream, fence, flip. */
@Rule({"R12", "R14", "R15"})
class WithoutLibraryTest {

  private final Path folder;

  WithoutLibraryTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void shouldFlipFromFollowingAndComeBackToIt() {
    try (Store store = new Store(folder, "", "        library: false\n");
        ControlPlane control = store.control()) {
      store.bring(Store.ORDERS, Phase.FOLLOWING);

      Outcome there = control.advance(Store.ORDERS, List.of());
      assertThat(there.to()).isEqualTo(Phase.WRITES_MOVED);
      assertThat(there.writePause()).isPresent();
      store.orders.execute("insert into orders (user_id, status, total) values (1, 'paid', 7)");

      Outcome back = control.rollback(Store.ORDERS);
      assertThat(back.to()).isEqualTo(Phase.FOLLOWING);
      GroupStatus status = control.status(Store.ORDERS);
      assertThat(status.sharedFence().map(Fence.Reading::state)).contains(FenceState.OPEN);
      assertThat(status.serviceFence().map(Fence.Reading::state)).contains(FenceState.CLOSED);
      assertThat(status.streams().stream().filter(stream -> stream.group().equals(Store.ORDERS)))
          .allSatisfy(stream -> assertThat(stream.guarded()).isFalse());
      store.shared.execute("insert into orders (user_id, status, total) values (2, 'paid', 8)");

      control.advance(Store.ORDERS, List.of());
      assertThat(control.reconcile(Store.ORDERS).verdict()).isEqualTo(Verdict.CLEAN);
      assertThat(store.orders.queryOne("select count(*) from orders")).isEqualTo("202");
      store.bring(Store.ORDERS, Phase.RETIRED);
      assertThat(
              control
                  .drop(Store.ORDERS, control.status(Store.ORDERS).tables(), Map.of())
                  .to()
                  .writeSide())
          .isEqualTo(Side.SERVICE);
    }
  }
}
