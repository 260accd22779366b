package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.FaultPoints;
import dev.ficus.core.Lsn;
import dev.ficus.core.Via;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Marker;
import dev.ficus.postgres.ServerIdentity;
import dev.ficus.postgres.Slots;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.Rule;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a position is tied to, and who may move it. */
class PositionTest {

  private TwoSides sides;

  @BeforeEach
  void createSides() {
    sides = new TwoSides("create table public.t (id int primary key, n int)");
    sides.shared.execute("insert into public.t select i, 0 from generate_series(1, 100) i");
  }

  @AfterEach
  void dropSides() {
    sides.close();
  }

  private void follow() {
    sides.request("t");
    try (Relay relay = sides.relay()) {
      sides.awaitStreaming();
      sides.awaitCaughtUp();
      assertThat(relay).isNotNull();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "relay.slot.created",
        "relay.copy.truncated",
        "relay.copy.table-done",
        "relay.copy.before-commit",
        "relay.copy.after-commit",
        "relay.apply.before-commit",
        "relay.apply.after-commit",
        "relay.ack.before"
      })
  @Rule({"R2", "R3", "R4"})
  void shouldGoOnAfterALostConnectionAtEachCommitBoundary(String point) {
    FaultScript faults = new FaultScript();
    faults.run(point, 1, sides::breakConnections);
    sides.request("t");
    sides.relay(RelaySettings.DEFAULTS, faults);
    sides.awaitStreaming();
    sides.shared.execute("insert into public.t values (1001, 1); update public.t set n = n + 1");
    sides.shared.execute("delete from public.t where id < 10; update public.t set n = n + 1");
    sides.awaitCaughtUp();

    sides.assertEqual("t");
    assertThat(faults.reached()).contains(point);
    sides.shared.execute("update public.t set n = n + 1");
    sides.awaitCaughtUp();
    sides.assertEqual("t");
  }

  @Test
  @Rule({"R3", "R6"})
  void shouldApplyNothingOnceStopped() {
    follow();
    CountDownLatch stopped = new CountDownLatch(1);
    FaultScript faults =
        new FaultScript()
            .run(
                "relay.ack.before",
                2,
                () -> {
                  sides.streams.stop(TwoSides.FORWARD);
                  sides.shared.execute("update public.t set n = 99");
                  stopped.countDown();
                });
    sides.relay(
        new RelaySettings(
            // So slow that only the row can stop it.
            Duration.ofMinutes(1),
            Duration.ofMillis(1),
            Duration.ofMillis(50),
            Duration.ofMillis(50),
            Duration.ofSeconds(1),
            1,
            1000,
            1 << 20),
        faults);
    await(stopped);
    Slots slots = new Slots(sides.source);
    sides.awaitRow(row -> !slots.find(row.slot()).orElseThrow().active());

    assertThat(sides.service.queryOne("select count(*) from public.t where n = 99")).isEqualTo("0");
    assertThat(sides.row().state()).isEqualTo(StreamState.STOPPED);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, java.util.concurrent.TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  @Rule("R3")
  void shouldLetOnlyTheHolderOfTheLeaseWrite() {
    sides.request("t");
    FaultScript first = new FaultScript();
    FaultScript second = new FaultScript();
    sides.relay(RelaySettings.DEFAULTS, first);
    sides.awaitStreaming();
    sides.awaitCaughtUp();
    sides.relay(RelaySettings.DEFAULTS, second);
    for (int i = 0; i < 20; i++) {
      sides.shared.execute("update public.t set n = n + 1");
    }
    sides.awaitCaughtUp();
    assertThat(second.reached()).isEmpty();

    // The holder's connection is lost while it is about to commit: whoever takes over goes on, and
    // the first one's commit fails.
    sides.breakConnections();
    for (int i = 0; i < 20; i++) {
      sides.shared.execute("update public.t set n = n + 1");
    }
    sides.awaitCaughtUp();

    sides.assertEqual("t");
  }

  @Test
  @Rule("R5")
  void shouldRefuseAnotherServersPosition() {
    follow();
    sides.service.execute("update ficus.stream set source_timeline = source_timeline + 1");
    sides.relay();

    StreamRow row = sides.awaitFailed();

    assertThat(row.failure().orElseThrow()).contains("belongs to system").contains("timeline");
    assertThat(row.advice().orElseThrow())
        .contains("ficus rollback orders", "ficus advance orders");
  }

  @Test
  @Rule("R5")
  void shouldRefuseASlotThatIsPastThePosition() {
    follow();
    sides.shared.execute("update public.t set n = 5");
    Lsn advanced = new Slots(sides.source).advanceToPresent(sides.row().slot());
    sides.relay();

    StreamRow row = sides.awaitFailed();

    assertThat(row.failure().orElseThrow())
        .contains("past the position")
        .contains(advanced.toString());
    assertThat(sides.service.queryOne("select count(*) from public.t where n = 5")).isEqualTo("0");
  }

  @Test
  @Rule("R5")
  void shouldRefuseToGoOnWithoutItsSlot() {
    follow();
    new Slots(sides.source).drop(sides.row().slot(), Duration.ofSeconds(10));
    sides.relay();

    assertThat(sides.awaitFailed().failure().orElseThrow()).contains("is gone from");
  }

  @Test
  @Rule("R6")
  void shouldStreamFromAnAdvancedSlotWithoutACopy() {
    sides.service.execute("insert into public.t select i, 0 from generate_series(1, 100) i");
    Slots slots = new Slots(sides.source);
    String slot = TwoSides.FORWARD.slot(Epoch.FIRST);
    slots.publish(slot, java.util.List.of(new dev.ficus.core.TableName("public", "t")));
    slots.create(slot);
    Lsn position = slots.advanceToPresent(slot);
    ServerIdentity identity = sides.source.identity();
    sides.streams.requestFrom(
        TwoSides.FORWARD,
        TwoSides.GROUP,
        Direction.FORWARD,
        Database.SHARED,
        Epoch.FIRST,
        identity,
        position,
        sides.tables("t"),
        Via.DIRECT);
    sides.shared.execute("update public.t set n = 1");
    sides.relay();
    sides.awaitCaughtUp();

    sides.assertEqual("t");
    assertThat(sides.row().rowsCopied()).isZero();
  }

  @Test
  @Rule("R4")
  void shouldLetTheSlotGoOfWalWhenItsTablesAreIdle() {
    sides.request("t");
    sides.relay(
        new RelaySettings(
            Duration.ofMillis(50),
            Duration.ofMillis(1),
            Duration.ofMillis(100),
            Duration.ofMillis(50),
            Duration.ofSeconds(1),
            1000,
            1000,
            1 << 20),
        FaultPoints.NONE);
    sides.awaitStreaming();
    sides.shared.execute(
        "create table public.other (id int); insert into public.other select generate_series(1, 10000)");
    Lsn written = Marker.write(sides.source);
    Slots slots = new Slots(sides.source);
    String slot = sides.row().slot();

    sides.awaitRow(row -> slots.find(slot).orElseThrow().confirmed().hasReached(written));

    assertThat(sides.row().position().hasReached(slots.find(slot).orElseThrow().confirmed()))
        .as("acknowledged is at most applied")
        .isTrue();
  }
}
