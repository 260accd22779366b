package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.manifest.WalBudget;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamState;
import dev.ficus.postgres.StreamWatch;
import dev.ficus.testkit.PostgresServer;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

class WatchTest {

  private static final String ITEM = "create table public.item (id int primary key, note text)";
  private static final Duration OFTEN = Duration.ofMillis(50);
  private static final StreamName FORWARD = TwoSides.FORWARD;

  @Test
  @Rule({"R5", "R21"})
  void shouldTellALostSlotAtOnceThoughTheStreamHangsInItsTarget() throws SQLException {
    try (PostgresServer server =
            PostgresServer.start(
                Map.of(
                    "max_slot_wal_keep_size", "32MB",
                    "max_wal_size", "32MB",
                    "min_wal_size", "32MB",
                    "wal_sender_timeout", "5s"));
        TwoSides sides = TwoSides.of(databaseOn(server), ITEM)) {
      sides.request("item");
      Relay relay = sides.relay(watch(new SimpleMeterRegistry(), WalBudget.NONE));
      sides.awaitStreaming();
      try (Connection blocker = sides.service.connect();
          Statement block = blocker.createStatement()) {
        blocker.setAutoCommit(false);
        block.execute("lock table public.item in access exclusive mode");
        sides.shared.execute("insert into public.item values (1, 'stuck')");
        await("the slot to be lost", () -> lost(sides));
        await("the relay to say so", () -> relay.health().failed().contains(FORWARD));
        await(
            "the note",
            () -> sides.note().flatMap(StreamWatch::walStatus).equals(Optional.of("lost")));
        assertThat(relay.health().ready()).isFalse();
        blocker.rollback();
      }

      assertThat(sides.awaitFailed().failure().orElseThrow())
          .contains("slot ficus_orders_forward_1 of shared", "wal_status lost");
      assertThat(sides.row().advice().orElseThrow())
          .contains("max_slot_wal_keep_size", "ficus rollback orders", "ficus advance orders");
    }
  }

  private static TestDatabase databaseOn(PostgresServer server) {
    new TestDatabase(server.address("postgres")).execute("create database store");
    return new TestDatabase(server.address("store"));
  }

  private static boolean lost(TwoSides sides) {
    sides.shared.execute(
        "select pg_logical_emit_message(false, 'test', repeat('x', 1000000)) from generate_series(1, 20)");
    sides.shared.execute("select pg_switch_wal()");
    sides.shared.execute("checkpoint");
    return sides
        .shared
        .queryOne("select coalesce(wal_status, 'lost') from pg_replication_slots")
        .equals("lost");
  }

  @Test
  @Rule({"R20", "R21"})
  void shouldWarnThrottleAndDropByTheBudget() throws SQLException {
    try (TwoSides sides = new TwoSides(ITEM)) {
      SimpleMeterRegistry meters = new SimpleMeterRegistry();
      sides.request("item");
      Relay relay =
          sides.relay(
              watch(
                  meters,
                  new WalBudget(
                      Optional.of(4L << 20), Optional.of(12L << 20), Optional.of(64L << 20))));
      sides.awaitStreaming();
      sides.shared.execute("insert into public.item select i, 'n' from generate_series(1, 100) i");
      sides.awaitCaughtUp();
      await("counters", () -> meters.get("ficus.stream.changes").functionCounter().count() == 100);
      assertThat(meters.get("ficus.stream.apply").timer().count()).isPositive();
      assertThat(meters.get("ficus.stream.batch.changes").summary().totalAmount()).isEqualTo(100);
      assertThat(meters.get("ficus.stream.state").tag("state", "streaming").gauge().value())
          .isEqualTo(1);
      assertThat(meters.get("ficus.slot.over.budget").gauge().value()).isZero();
      try (Connection blocker = sides.service.connect();
          Statement block = blocker.createStatement()) {
        blocker.setAutoCommit(false);
        block.execute("lock table public.item in access exclusive mode");
        sides.shared.execute("insert into public.item values (1000, 'stuck')");
        String message = "select pg_logical_emit_message(false, 'test', repeat('x', 1000000))";
        await(
            "the warning",
            () -> {
              sides.shared.execute(message);
              return meters.get("ficus.slot.over.budget").gauge().value() == 1;
            });
        assertThat(meters.get("ficus.slot.retained.bytes").gauge().value()).isGreaterThan(4 << 20);
        await(
            "the throttle",
            () -> {
              sides.shared.execute(message);
              return sides
                  .note()
                  .flatMap(StreamWatch::throttleReason)
                  .filter(it -> it.contains("wal-budget.throttle"))
                  .isPresent();
            });
        assertThat(sides.row().state()).isEqualTo(StreamState.STREAMING);
        await(
            "the drop",
            () -> {
              sides.shared.execute(message);
              return sides
                  .shared
                  .query(
                      "select 1 from pg_replication_slots where slot_name = 'ficus_orders_forward_1'")
                  .isEmpty();
            });
        await("the relay to say so", () -> relay.health().failed().contains(FORWARD));
        blocker.rollback();
      }
      assertThat(sides.awaitFailed().advice().orElseThrow()).contains("ficus rollback orders");
      assertThat(sides.row().failure().orElseThrow()).contains("wal-budget.drop", "67108864");
    }
  }

  @Test
  @Rule("R21")
  void shouldCountRetriesAndKeepTheLastReason() {
    try (TwoSides sides = new TwoSides(ITEM)) {
      SimpleMeterRegistry meters = new SimpleMeterRegistry();
      sides.request("item");
      Relay relay = sides.relay(watch(meters, WalBudget.NONE));
      sides.awaitStreaming();
      await(
          "a walsender to end",
          () ->
              !sides
                  .shared
                  .query(
                      "select pg_terminate_backend(active_pid) from pg_replication_slots where active_pid is not null and database = current_database()")
                  .isEmpty());
      sides.shared.execute("insert into public.item values (1, 'after')");
      await("a retry", () -> sides.note().map(StreamWatch::retries).orElse(0L) > 0);
      sides.awaitCaughtUp();
      assertThat(sides.note().flatMap(StreamWatch::lastRetry)).isPresent();
      assertThat(meters.get("ficus.stream.retries").counter().count()).isPositive();
      assertThat(relay.health().ready()).isTrue();
    }
  }

  private static RelayWatch watch(SimpleMeterRegistry meters, WalBudget budget) {
    return new RelayWatch(meters, Map.of(TwoSides.GROUP, budget), OFTEN);
  }

  private static void await(String what, BooleanSupplier wanted) {
    long deadline = System.nanoTime() + TwoSides.PATIENCE.toNanos();
    while (!wanted.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waiting for %s", what).isLessThan(deadline);
      LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
    }
  }
}
