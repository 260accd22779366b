package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.Lsn;
import dev.ficus.postgres.SqlErrors;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The relay and a dual-writing service on the same rows. */
@Rule({"R1", "R10"})
class GuardTest {

  /** Each transaction of the source is one of the target. */
  static final RelaySettings ONE_BY_ONE =
      new RelaySettings(
          Duration.ofMillis(20),
          Duration.ofMillis(1),
          Duration.ofSeconds(1),
          Duration.ofMillis(20),
          Duration.ofSeconds(1),
          1,
          100_000,
          1 << 24);

  TwoSides sides;
  private DualWrites service;

  /** Two sides whose stream travels the subclass's way. */
  TwoSides travelling(TwoSides direct) {
    return direct;
  }

  @BeforeEach
  void streamUnderGuards() {
    sides =
        travelling(
            new TwoSides(
                "create table public.item (id bigint primary key, code text unique, note text, n int)"));
    service = new DualWrites(sides.shared, sides.service);
    sides.shared.execute(
        "insert into public.item select i, 'c' || i, 'start', 0 from generate_series(1, 20) i");
    sides.request("item");
    try (Relay relay = sides.relay()) {
      sides.awaitStreaming();
      sides.streams.guard(TwoSides.FORWARD, true);
      service.open();
      sides.awaitCaughtUp();
      assertThat(relay).isNotNull();
    }
  }

  @AfterEach
  void dropSides() {
    sides.close();
  }

  @Test
  void shouldNotSetARowBackToBeforeItsDualWrite() throws SQLException {
    service.commit("update public.item set note = 'A' where id = 1", 1);
    var change = service.commit("update public.item set note = 'B' where id = 1", 1);
    assertThat(service.write(change)).isOne();
    List<String> seen = Collections.synchronizedList(new ArrayList<>());

    sides.relay(
        ONE_BY_ONE,
        whenCommitted(
            () -> seen.add(only(sides.service, "select note from public.item where id = 1"))));
    sides.awaitCaughtUp();

    assertThat(seen).isNotEmpty().containsOnly("B");
    sides.assertEqual("item");
    assertThat(guards()).as("guards at or below the position are purged").isZero();
  }

  @Test
  void shouldNotBringBackARowThatADualWriteDeleted() throws SQLException {
    service.commit("update public.item set note = 'A' where id = 2", 2);
    var deletion = service.commit("delete from public.item where id = 2", 2);
    assertThat(service.write(deletion)).isOne();
    List<String> seen = Collections.synchronizedList(new ArrayList<>());

    sides.relay(
        ONE_BY_ONE,
        whenCommitted(
            () -> seen.add(only(sides.service, "select count(*) from public.item where id = 2"))));
    sides.awaitCaughtUp();

    assertThat(seen).isNotEmpty().containsOnly("0");
    sides.assertEqual("item");
  }

  @Test
  void shouldRefuseADualWriteWhoseSnapshotMayBeOlderThanItsGuard() throws SQLException {
    var insert = service.commit("insert into public.item values (77, 'x', 'early', 0)", 77);
    try (Connection own = sides.service.connect()) {
      own.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);

      assertThatThrownBy(() -> DualWrites.write(own, insert))
          .isInstanceOfSatisfying(
              SQLException.class,
              e -> assertThat(e.getSQLState()).isEqualTo(SqlErrors.DUAL_WRITE_REFUSED))
          .hasMessageContaining("transaction is repeatable read");
    }
  }

  @Test
  void shouldRefuseADualWriteThatComesAfterTheStreamPassedIt() throws SQLException {
    var early = service.commit("update public.item set note = 'early' where id = 3", 3);
    var deletion = service.commit("delete from public.item where id = 4", 4);
    service.commit("update public.item set note = 'late' where id = 3", 3);
    service.commit("insert into public.item values (4, 'again', 'late', 0)", 4);
    sides.relay();
    sides.awaitCaughtUp();

    assertThat(service.write(early)).isZero();
    assertThat(service.write(deletion)).isZero();

    sides.assertEqual("item");
  }

  @Test
  void shouldNotLoseAChangeWhoseDualWriteWasSkippedWhileItCommitted() throws SQLException {
    sides.relay();
    try (Connection slow = sides.shared.connect();
        Statement statement = slow.createStatement()) {
      slow.setAutoCommit(false);
      statement.execute("update public.item set note = 'slow' where id = 5");
      Lsn guard;
      try (ResultSet row = statement.executeQuery("select pg_current_wal_insert_lsn()::text")) {
        row.next();
        guard = Lsn.parse(row.getString(1));
      }
      service.commit("update public.item set note = 'quick' where id = 6", 6);
      sides.awaitCaughtUp();

      // The position lies between the guard LSN and the commit: whoever comes now is skipped.
      assertThat(service.write(new DualWrites.Pending(guard, 5, "(5,c5,slow,0)"))).isZero();
      slow.commit();
    }
    sides.awaitCaughtUp();

    sides.assertEqual("item");
  }

  @Test
  void shouldNotLoseAChangeWhoseGuardOutlivedTheTimeOfGuards() throws SQLException {
    service.commit("update public.item set note = 'A' where id = 1", 1);
    var change = service.commit("update public.item set note = 'B' where id = 1", 1);
    assertThat(service.write(change)).isOne();
    // Back to FOLLOWING, and on to DUAL_WRITING once A was applied without guards.
    sides.service.execute("update ficus.fence set state = 'closed'");
    sides.streams.guard(TwoSides.FORWARD, false);
    List<String> seen = Collections.synchronizedList(new ArrayList<>());

    sides.relay(
        ONE_BY_ONE,
        whenCommitted(
            () -> {
              seen.add(only(sides.service, "select note from public.item where id = 1"));
              sides.streams.guard(TwoSides.FORWARD, true);
            }));
    sides.awaitCaughtUp();

    assertThat(seen).startsWith("A");
    sides.assertEqual("item");
  }

  @Test
  void shouldPassAUniqueValueThatARowOfItsFutureHolds() throws SQLException {
    service.commit("insert into public.item values (50, 'z', 'first owner', 0)", 50);
    service.commit("update public.item set code = null where id = 50", 50);
    var change = service.commit("insert into public.item values (51, 'z', 'second owner', 0)", 51);
    assertThat(service.write(change)).isOne();
    var swap = service.commit("update public.item set code = 'swapped' where id = 1", 1);
    assertThat(service.write(swap)).isOne();

    sides.relay(ONE_BY_ONE, FaultPoints.NONE);
    sides.awaitCaughtUp();

    sides.assertEqual("item");
  }

  @Test
  void shouldTruncateAllButWhatWasDualWrittenSince() throws SQLException {
    sides.shared.execute("truncate public.item");
    var change = service.commit("insert into public.item values (1, 'since', 'since', 0)", 1);
    assertThat(service.write(change)).isOne();
    List<String> seen = Collections.synchronizedList(new ArrayList<>());

    sides.relay(
        ONE_BY_ONE,
        whenCommitted(
            () -> seen.add(only(sides.service, "select string_agg(code, ',') from public.item"))));
    sides.awaitCaughtUp();

    assertThat(seen).isNotEmpty().containsOnly("since");
    sides.assertEqual("item");
  }

  @Test
  void shouldConvergeWhenDualWritesAreDelayedDroppedAndReordered() throws Exception {
    long seed = System.nanoTime();
    // A relay that never falls behind wins every race, and no dual write would be worth the name.
    Random pauses = new Random(seed);
    sides.relay(
        RelaySettings.DEFAULTS,
        whenCommitted(() -> LockSupport.parkNanos(pauses.nextInt(80) * 1_000_000L)));
    ExecutorService writers = Executors.newFixedThreadPool(6);
    AtomicInteger written = new AtomicInteger();
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        Random random = new Random(seed + i);
        running.add(
            writers.submit(
                (Callable<Object>)
                    () -> {
                      // Kept, as a service's pool keeps them: a dual write that waits for a new
                      // one loses to the relay.
                      try (Connection shared = sides.shared.connect();
                          Connection own = sides.service.connect()) {
                        for (int n = 0; n < 150; n++) {
                          step(shared, own, random, written);
                        }
                      }
                      return "done";
                    }));
      }
      for (Future<?> one : running) {
        one.get();
      }
    } finally {
      writers.shutdownNow();
    }
    sides.awaitCaughtUp();

    assertThat(sides.rows(sides.service, "item"))
        .as("seed %s", seed)
        .isEqualTo(sides.rows(sides.shared, "item"));
    assertThat(written.get()).as("rows that dual writes wrote").isGreaterThan(50);
  }

  private static void step(Connection shared, Connection own, Random random, AtomicInteger written)
      throws SQLException {
    long id = 1L + random.nextInt(8);
    String code = random.nextInt(3) == 0 ? "null" : "'u" + random.nextInt(6) + "'";
    String sql =
        switch (random.nextInt(4)) {
          case 0 -> "delete from public.item where id = " + id;
          case 1 ->
              "insert into public.item values ("
                  + id
                  + ", null, 'new', 0) on conflict (id) do update set n = item.n + 1";
          default -> "update public.item set code = " + code + ", n = n + 1 where id = " + id;
        };
    Optional<DualWrites.Pending> pending;
    try {
      pending = DualWrites.tryCommit(shared, sql, id);
    } catch (SQLException e) {
      // Two that swap their unique values wait for each other.
      assertThat(e.getSQLState()).isIn(SqlErrors.UNIQUE_VIOLATION, SqlErrors.DEADLOCK);
      return;
    }
    if (pending.isEmpty() || random.nextInt(5) == 0) {
      return;
    }
    LockSupport.parkNanos(random.nextInt(8) * 1_000_000L);
    try {
      written.addAndGet(DualWrites.write(own, pending.get()));
    } catch (SQLException e) {
      // A dual write may always be dropped (R1); here a unique value or a deadlock is the reason.
      assertThat(e.getSQLState()).isIn(SqlErrors.UNIQUE_VIOLATION, SqlErrors.DEADLOCK);
    }
  }

  private static FaultPoints whenCommitted(Runnable action) {
    return point -> {
      if (point.equals("relay.apply.after-commit")) {
        action.run();
      }
    };
  }

  private static String only(TestDatabase database, String sql) {
    return database.queryOne(sql);
  }

  private int guards() {
    return Integer.parseInt(sides.service.queryOne("select count(*) from ficus.guard"));
  }
}
