package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.FaultPoints;
import dev.ficus.postgres.CopyLimits;
import dev.ficus.postgres.CopyProgress;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Limits of a copy, changed while it runs, and what its progress says meanwhile. */
class ThrottleTest {

  private static final RelaySettings SMALL = RelaySettings.DEFAULTS.withCopy(2, 64 * 1024);

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
