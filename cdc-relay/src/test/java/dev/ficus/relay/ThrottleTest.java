package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.FaultPoints;
import dev.ficus.core.GroupName;
import dev.ficus.core.Via;
import dev.ficus.core.manifest.WalBudget;
import dev.ficus.postgres.CopyLimits;
import dev.ficus.postgres.CopyProgress;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Limits of a copy, changed while it runs, and what its progress says meanwhile. */
class ThrottleTest {

  private static final RelaySettings SMALL = RelaySettings.DEFAULTS.withCopy(2, 64 * 1024);
  private static final GroupName BOOKS = new GroupName("books");

  private TwoSides sides;

  @BeforeEach
  void createSides() {
    sides = new TwoSides("create table public.t (id int primary key, v text)");
    sides.shared.execute(
        "insert into public.t select i, repeat('v', 200) from generate_series(1, 20000) i; analyze public.t");
  }

  @AfterEach
  void dropSides() {
    sides.close();
  }

  private void limit(CopyLimits limits) {
    try (Connection connection = sides.target.connect("test")) {
      limits.write(connection, TwoSides.GROUP);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static CopyLimits rows(long perSecond) {
    return new CopyLimits(
        Optional.of(perSecond), Optional.empty(), Optional.empty(), Optional.empty());
  }

  @Test
  void shouldHoldTheCopyToItsRateUntilTheLimitIsLifted() {
    limit(rows(1000));
    sides.request("t");
    long begun = System.nanoTime();
    sides.relay(SMALL, FaultPoints.NONE);
    StreamRow first = sides.awaitRow(row -> row.rowsCopied() > 0);
    CopyProgress unknown = first.copying().orElseThrow();
    assertThat(unknown.rowsPerSecond()).isEmpty();
    assertThat(unknown.left()).isEmpty();

    StreamRow held = sides.awaitRow(row -> row.copying().flatMap(CopyProgress::left).isPresent());

    double seconds = (System.nanoTime() - begun) / 1e9;
    assertThat(held.state()).isEqualTo(StreamState.COPYING);
    // One buffer for each worker may be on its way before the first look at the limits.
    assertThat(held.rowsCopied()).isLessThan(2000 + (long) (1000 * seconds));
    assertThat(held.copying().orElseThrow().left().orElseThrow())
        .isGreaterThan(Duration.ofSeconds(3));
    limit(CopyLimits.NONE);
    long lifted = System.nanoTime();
    sides.awaitStreaming();
    assertThat(Duration.ofNanos(System.nanoTime() - lifted)).isLessThan(Duration.ofSeconds(10));
    sides.assertEqual("t");
  }

  @Test
  void shouldPauseWhileTooManySessionsOfTheSourceAreActive() throws Exception {
    limit(
        new CopyLimits(Optional.empty(), Optional.of(400_000L), Optional.empty(), Optional.of(1)));
    CountDownLatch ended = new CountDownLatch(2);
    for (int i = 0; i < 2; i++) {
      new Thread(
              () -> {
                try (Connection connection = sides.shared.connect();
                    Statement statement = connection.createStatement()) {
                  statement.execute("set application_name = 'sleeper'; select pg_sleep(60)");
                } catch (SQLException e) {
                  // Ended by the test.
                  ended.countDown();
                }
              })
          .start();
    }
    sides.request("t");
    sides.relay(SMALL, FaultPoints.NONE);

    StreamRow paused =
        sides.awaitRow(row -> row.copying().flatMap(CopyProgress::paused).isPresent());

    assertThat(paused.copying().orElseThrow().paused().orElseThrow())
        .contains("sessions of the source are active, more than 1");
    assertThat(paused.copying().orElseThrow().left()).isEmpty();
    sides.shared.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sleeper'");
    assertThat(ended.await(10, TimeUnit.SECONDS)).isTrue();
    sides.awaitStreaming();
    sides.assertEqual("t");
  }

  @Test
  void shouldPauseWhileAnotherStreamIntoTheTargetIsBehindByMoreWalThanItsBudget()
      throws SQLException {
    copyBehind(
        (copied, blocker) -> {
          assertThat(sides.service.queryOne("select count(*) from public.book")).isEqualTo("0");
          blocker.rollback();
          sides.streams.awaitStreaming(copied, TwoSides.PATIENCE);
        });
    sides.awaitCaughtUp();
    sides.assertEqual("t");
  }

  @Test
  void shouldNotPauseForAStreamThatCopiesTablesItself() throws SQLException {
    copyBehind(
        (copied, blocker) -> {
          sides.service.execute(
              "insert into ficus.table_copy (stream, source_schema, source_table) values ('orders.forward', 'public', 't')");
          sides.streams.awaitStreaming(copied, TwoSides.PATIENCE);
        });
  }

  @FunctionalInterface
  private interface Paused {
    void then(StreamName copied, Connection blocker) throws SQLException;
  }

  /** A copy that pauses for a stream which cannot go on. */
  private void copyBehind(Paused paused) throws SQLException {
    StreamName copied = StreamName.of(BOOKS, Direction.FORWARD);
    sides.shared.execute("create table public.book (id int primary key, v text)");
    sides.service.execute("create table public.book (id int primary key, v text)");
    sides.shared.execute("insert into public.book select i, 'v' from generate_series(1, 5000) i");
    sides.request("t");
    sides.relay(
        new RelayWatch(
            new SimpleMeterRegistry(),
            // What the copy's own slot holds back must not pause it: nothing else would let go.
            Map.of(TwoSides.GROUP, throttledFrom(4 << 20), BOOKS, throttledFrom(1)),
            Duration.ofMillis(50)));
    sides.awaitStreaming();
    try (Connection blocker = sides.service.connect();
        Statement block = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      block.execute("lock table public.t in access exclusive mode");
      sides.shared.execute("update public.t set v = v || id");
      sides.awaitNote(note -> note.throttleReason().isPresent());
      sides.streams.requestCopy(
          copied,
          BOOKS,
          Direction.FORWARD,
          Database.SHARED,
          Epoch.FIRST,
          sides.tables("book"),
          Via.DIRECT);

      StreamRow row =
          sides.awaitRow(copied, it -> it.copying().flatMap(CopyProgress::paused).isPresent());

      assertThat(row.copying().orElseThrow().paused().orElseThrow())
          .startsWith("stream orders.forward trails: slot ficus_orders_forward_1 holds back ")
          .endsWith(" bytes of WAL, more than wal-budget.throttle");
      paused.then(copied, blocker);
    }
    sides.assertEqual("book");
  }

  private static WalBudget throttledFrom(long bytes) {
    return new WalBudget(Optional.empty(), Optional.of(bytes), Optional.empty());
  }

  @Test
  void shouldStopAtOnceThoughItIsHeld() {
    limit(rows(1));
    sides.request("t");
    Relay relay = sides.relay(SMALL, FaultPoints.NONE);
    sides.awaitRow(row -> row.copying().isPresent());
    sides.streams.stop(TwoSides.FORWARD);

    long begun = System.nanoTime();
    relay.close();

    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(20));
    assertThat(sides.service.queryOne("select count(*) from public.t")).isEqualTo("0");
  }
}
