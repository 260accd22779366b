package dev.ficus.dualwriter;

import static dev.ficus.dualwriter.Sides.GROUP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.Epoch;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.postgres.Counter;
import dev.ficus.postgres.FenceState;
import dev.ficus.postgres.SqlErrors;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@Rule("R16")
class FencedWritesTest {

  private final List<Side> attempts = new CopyOnWriteArrayList<>();
  private Sides sides;

  @BeforeEach
  void start() {
    sides = new Sides();
  }

  @AfterEach
  void stop() {
    sides.close();
  }

  private FencedWrites writes(Duration budget) {
    return new FencedWrites(
        GROUP,
        sides.routes,
        () -> sides.sharedSide.connect("probe"),
        () -> sides.serviceSide.connect("probe"),
        budget);
  }

  @Test
  void shouldWaitOutAFlipAndWriteOnTheNewSide() throws Exception {
    sides.fence(sides.sharedSide).move(FenceState.CLOSED, Epoch.FIRST, Sides.LONG);
    FencedWrites writes = writes(Sides.LONG);
    List<CompletableFuture<Void>> clients = new ArrayList<>();
    for (int id = 1; id <= 5; id++) {
      String sql = "insert into orders values (" + id + ", 'waited', 1)";
      clients.add(CompletableFuture.runAsync(() -> run(writes, sql)));
    }
    Sides.await(() -> attempts.size() == 5);

    sides.fence(sides.serviceSide).move(FenceState.OPEN, new Epoch(2), Sides.LONG);
    sides.publish(Phase.WRITES_MOVED, new Epoch(2));

    for (CompletableFuture<Void> client : clients) {
      client.get(20, TimeUnit.SECONDS);
    }
    assertThat(sides.rows(sides.service)).hasSize(5);
    assertThat(sides.rows(sides.shared)).isEmpty();
    assertThat(attempts).hasSize(10);
    assertThat(sides.routes.counters(GROUP).value(Counter.FENCE_WAITS)).isEqualTo(5);
    assertThat(sides.routes.counters(GROUP).longestFenceWait()).isPositive();
  }

  @Test
  void shouldGoOnOnTheOldSideWhenTheFlipIsGivenUpWithoutANewRoute() throws Exception {
    sides.fence(sides.sharedSide).move(FenceState.CLOSED, Epoch.FIRST, Sides.LONG);
    FencedWrites writes = writes(Sides.LONG);
    List<CompletableFuture<Void>> clients = new ArrayList<>();
    for (int id = 1; id <= 20; id++) {
      String sql = "insert into orders values (" + id + ", 'waited', 1)";
      clients.add(
          CompletableFuture.runAsync(() -> run(writes, sql), task -> new Thread(task).start()));
    }
    Sides.await(() -> attempts.size() == 20);

    sides.fence(sides.sharedSide).move(FenceState.OPEN, Epoch.FIRST, Sides.LONG);

    for (CompletableFuture<Void> client : clients) {
      client.get(5, TimeUnit.SECONDS);
    }
    assertThat(sides.rows(sides.shared)).hasSize(20);
  }

  @Test
  void shouldFailWhenTheBudgetIsSpentAndSayThatNothingHappened() {
    sides.fence(sides.sharedSide).move(FenceState.CLOSED, Epoch.FIRST, Sides.LONG);

    assertThatThrownBy(
            () -> run(writes(Duration.ofMillis(300)), "insert into orders values (1, 'a', 1)"))
        .hasRootCauseInstanceOf(SQLException.class)
        .cause()
        .isInstanceOf(DualWriteException.class)
        .hasMessageContaining("closed fence in the SHARED database")
        .hasMessageContaining("it has not happened");
    assertThat(sides.rows(sides.shared)).isEmpty();
    assertThat(attempts).containsExactly(Side.SHARED);
  }

  @Test
  void shouldRepeatAWriteWhoseSnapshotIsOlderThanTheFlip() throws Exception {
    sides.shared.execute("insert into orders values (1, 'a', 1)");
    sides.service.execute(
        "set session_replication_role = replica; insert into orders values (1, 'a', 1)");
    CountDownLatch snapshotTaken = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    FencedWrites writes = writes(Sides.LONG);
    CompletableFuture<Void> client =
        CompletableFuture.runAsync(
            () ->
                call(
                    writes,
                    side -> {
                      try (Connection connection = database(side).connect();
                          Statement statement = connection.createStatement()) {
                        connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
                        connection.setAutoCommit(false);
                        statement.execute("select * from orders");
                        snapshotTaken.countDown();
                        if (!closed.await(10, TimeUnit.SECONDS)) {
                          throw new IllegalStateException("never closed");
                        }
                        statement.execute("update orders set note = 'b'");
                        connection.commit();
                      }
                      return "done";
                    }));
    assertThat(snapshotTaken.await(10, TimeUnit.SECONDS)).isTrue();
    sides.fence(sides.sharedSide).move(FenceState.CLOSED, Epoch.FIRST, Sides.LONG);
    closed.countDown();
    Sides.await(() -> attempts.size() == 1);
    sides.fence(sides.serviceSide).move(FenceState.OPEN, new Epoch(2), Sides.LONG);
    sides.publish(Phase.WRITES_MOVED, new Epoch(2));

    client.get(20, TimeUnit.SECONDS);

    assertThat(attempts).containsExactly(Side.SHARED, Side.SERVICE);
    assertThat(sides.service.queryOne("select note from orders")).isEqualTo("b");
    assertThat(sides.shared.queryOne("select note from orders")).isEqualTo("a");
  }

  @Test
  void shouldPassOnAConflictThatIsTheApplicationsOwn() {
    // The fence was moved long ago.
    sides.shared.execute("update ficus.fence set changed_at = now() - interval '1 hour'");
    SQLException conflict = new SQLException("conflict", SqlErrors.SERIALIZATION_FAILURE);

    assertThatThrownBy(
            () ->
                writes(Sides.LONG)
                    .call(
                        side -> {
                          attempts.add(side);
                          throw conflict;
                        }))
        .isSameAs(conflict);
    assertThat(attempts).hasSize(1);
  }

  private void run(FencedWrites writes, String sql) {
    call(
        writes,
        side -> {
          database(side).execute(sql);
          return "done";
        });
  }

  private void call(FencedWrites writes, WriteBody<String> body) {
    try {
      String result =
          writes.call(
              side -> {
                attempts.add(side);
                return body.on(side);
              });
      assertThat(result).isEqualTo("done");
    } catch (RuntimeException | Error e) {
      throw new IllegalStateException(e);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private TestDatabase database(Side side) {
    return side == Side.SHARED ? sides.shared : sides.service;
  }
}
