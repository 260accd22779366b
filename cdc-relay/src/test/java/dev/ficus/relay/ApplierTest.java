package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.Lsn;
import dev.ficus.relay.internal.apply.Applier;
import dev.ficus.relay.internal.apply.Companion;
import dev.ficus.relay.internal.apply.StreamEnded;
import dev.ficus.relay.internal.capture.Change;
import dev.ficus.relay.internal.capture.RowImage;
import dev.ficus.relay.internal.shape.StreamShape;
import dev.ficus.relay.internal.shape.TableShape;
import dev.ficus.relay.internal.watch.RelayMeters;
import dev.ficus.testkit.Rule;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An applier that is fed by hand: what it does while a batch is being written. */
@Rule({"R3", "R10"})
@Timeout(120)
class ApplierTest {

  private final TwoSides sides =
      new TwoSides(
          "create table public.item (id bigint primary key, code text unique, note text, n int)");
  private TableShape table;
  private Connection leased;
  private Lsn base;
  private int transactions;

  @BeforeEach
  void beginStreaming() throws SQLException {
    sides.request("item");
    sides.relay();
    sides.awaitStreaming();
    sides.stopRelays();
    try (Connection reading = sides.source.connect("test");
        Connection targetReading = sides.target.connect("test")) {
      table = StreamShape.verify(sides.source, reading, targetReading, sides.row()).get(0);
    }
    base = sides.row().position();
    leased = sides.target.connect("test");
  }

  @AfterEach
  void dropSides() throws SQLException {
    leased.close();
    sides.close();
  }

  private Applier applier(FaultPoints faults) throws SQLException {
    return new Applier(
        leased,
        sides.row(),
        List.of(table),
        GuardTest.ONE_BY_ONE,
        new RelayMeters(new SimpleMeterRegistry()),
        faults,
        Companion.NONE);
  }

  private Lsn lsn(int bytes) {
    return new Lsn(base.value() + bytes);
  }

  /** Transaction number {@code n} writes one row; it ends 100 bytes behind the one before it. */
  private void write(Applier applier, boolean inserts, int id, @Nullable String code)
      throws SQLException {
    transactions++;
    applier.begin(transactions + ":1", Instant.now());
    applier.change(written(100 * transactions - 20, inserts, id, code, "of the stream"));
    applier.commit(lsn(100 * transactions));
  }

  private Change written(int place, boolean inserts, int id, @Nullable String code, String note) {
    return new Change.Written(
        table,
        lsn(place),
        new RowImage(new @Nullable String[] {Integer.toString(id), code, note, "0"}),
        null,
        inserts);
  }

  private List<String> rows() {
    return sides.service.query(
        "select id || ' ' || coalesce(code, '-') from public.item order by id");
  }

  @Test
  void shouldFillTheNextBatchWhileOneIsWritten() throws Exception {
    CountDownLatch goOn = new CountDownLatch(1);
    try (Applier applier = applier(point -> awaitBeforeCommit(point, goOn))) {
      write(applier, true, 1, "a");
      applier.begin("2:1", Instant.now());

      assertThat(applier.position()).isEqualTo(base);
      assertThat(rows()).isEmpty();
      applier.abandon();
      goOn.countDown();
      applier.flush();

      assertThat(applier.position()).isEqualTo(lsn(100));
      assertThat(rows()).containsExactly("1 a");
    }
  }

  @Test
  void shouldThrowWhyABatchFailedAndWriteNothingBehindIt() throws Exception {
    AtomicBoolean failed = new AtomicBoolean();
    try (Applier applier =
        applier(
            point -> {
              if (point.equals("relay.apply.before-commit") && !failed.getAndSet(true)) {
                throw new IllegalStateException("no commit");
              }
            })) {
      write(applier, true, 1, "a");

      assertThatThrownBy(() -> write(applier, true, 2, "b")).hasMessage("no commit");
      assertThatThrownBy(applier::flush).isInstanceOf(StreamEnded.class);
    }

    assertThat(rows()).isEmpty();
    assertThat(sides.row().position()).isEqualTo(base);
  }

  @Test
  void shouldHoldNoMoreBesideABatchThanHalfOfWhatItMay() throws Exception {
    CountDownLatch goOn = new CountDownLatch(1);
    String large = "x".repeat((int) GuardTest.ONE_BY_ONE.transactionCharacters() / 2);
    try (Applier applier = applier(point -> awaitBeforeCommit(point, goOn))) {
      write(applier, true, 1, "a");
      applier.begin("2:1", Instant.now());
      applier.change(written(150, true, 2, "b", "small"));

      CompletableFuture<Void> held = run(() -> applier.change(written(160, true, 3, "c", large)));

      assertWaitsUntil(goOn, held);
      assertThat(applier.position()).isEqualTo(lsn(100));
    }
  }

  @Test
  void shouldCloseOnlyWhenNothingIsBeingWritten() throws Exception {
    CountDownLatch goOn = new CountDownLatch(1);
    Applier applier = applier(point -> awaitBeforeCommit(point, goOn));
    write(applier, true, 1, "a");

    CompletableFuture<Void> closed = run(applier::close);

    assertWaitsUntil(goOn, closed);
    assertThat(rows()).containsExactly("1 a");
  }

  /** The row that takes the value away from the first owner is added while that is written. */
  @Test
  void shouldTakeInWhatCameBehindABatchThatMeetsARowOfItsFuture() throws Exception {
    DualWrites service = new DualWrites(sides.shared, sides.service);
    sides.streams.guard(TwoSides.FORWARD, true);
    service.open();
    assertThat(service.write(new DualWrites.Pending(lsn(290), 51, "(51,z,\"second owner\",0)")))
        .isOne();

    try (Applier applier = applier(FaultPoints.NONE)) {
      write(applier, true, 50, "z");
      write(applier, false, 50, null);
      write(applier, true, 51, "z");
      applier.flush();
    }

    assertThat(rows()).containsExactly("50 -", "51 z");
    assertThat(sides.row().position()).isEqualTo(lsn(300));
  }

  @FunctionalInterface
  private interface Call {
    void run() throws SQLException;
  }

  private static CompletableFuture<Void> run(Call call) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            call.run();
          } catch (SQLException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  /** Opens the latch in any case: an applier closes only once nothing is being written. */
  private static void assertWaitsUntil(CountDownLatch goOn, CompletableFuture<Void> waiting) {
    try {
      assertThatThrownBy(() -> waiting.get(300, TimeUnit.MILLISECONDS))
          .isInstanceOf(TimeoutException.class);
    } finally {
      goOn.countDown();
    }
    waiting.join();
  }

  private static void awaitBeforeCommit(String point, CountDownLatch latch) {
    if (!point.equals("relay.apply.before-commit")) {
      return;
    }
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
