package dev.ficus.dualwriter;

import static dev.ficus.dualwriter.DualWriting.BEFORE_WRITE;
import static dev.ficus.dualwriter.DualWriting.execute;
import static dev.ficus.dualwriter.Sides.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Epoch;
import dev.ficus.postgres.FenceState;
import dev.ficus.postgres.ObservedConnection;
import dev.ficus.postgres.TransactionObserver;
import dev.ficus.testkit.Rule;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Dual writes that come later than what they have to yield to. */
@Rule("R10")
class LateDualWriteTest {

  private DualWriting dual;

  @BeforeEach
  void start() {
    dual = new DualWriting();
  }

  @AfterEach
  void stop() {
    dual.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "insert into orders values (0, 'newer', 5) on conflict (id) do update set note = 'newer', amount = 5",
        "delete from orders where id = 0"
      })
  void shouldNotOverwriteWhatWasStreamedWhileItWasPaused(String newer) throws Exception {
    CountDownLatch letGo = new CountDownLatch(1);
    dual.faults.hang(BEFORE_WRITE, dual.nextWrite(), letGo);
    CompletableFuture<Void> paused =
        CompletableFuture.runAsync(
            () -> dual.write("update orders set note = 'late' where id = 0"));
    await(() -> dual.sides.shared.queryOne("select note from orders").equals("late"));

    // Another client's change is streamed first: guard, then row, then position as the relay does.
    dual.sides.shared.execute("update orders set note = 'newer'");
    String lsn = dual.sides.shared.queryOne("select pg_current_wal_insert_lsn()::text");
    dual.sides.service.execute(
        "set session_replication_role = replica; update ficus.guard set lsn = '"
            + lsn
            + "', deleted = "
            + newer.startsWith("delete")
            + "; "
            + newer);
    List<String> streamed = dual.sides.rows(dual.sides.service);
    letGo.countDown();
    paused.get(20, TimeUnit.SECONDS);

    assertThat(dual.sides.rows(dual.sides.service)).isEqualTo(streamed);
  }

  @Test
  void shouldSkipADualWriteThatTheStreamHasPassedAfterItsGuardWasPurged() throws Exception {
    CountDownLatch letGo = new CountDownLatch(1);
    dual.faults.hang(BEFORE_WRITE, dual.nextWrite(), letGo);
    CompletableFuture<Void> paused =
        CompletableFuture.runAsync(
            () -> dual.write("update orders set note = 'late' where id = 0"));
    await(() -> dual.sides.shared.queryOne("select note from orders").equals("late"));

    String lsn = dual.sides.shared.queryOne("select pg_current_wal_insert_lsn()::text");
    dual.sides.service.execute(
        "set session_replication_role = replica; delete from orders; delete from ficus.guard; update ficus.stream set position = '"
            + lsn
            + "'");
    letGo.countDown();
    paused.get(20, TimeUnit.SECONDS);

    assertThat(dual.sides.rows(dual.sides.service)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"CLOSED", "OPEN", "DUAL"})
  void shouldBeRefusedWhenItComesAfterAFlip(String state) throws Exception {
    CountDownLatch letGo = new CountDownLatch(1);
    dual.faults.hang(BEFORE_WRITE, dual.nextWrite(), letGo);
    long left = dual.left();
    CompletableFuture<Void> paused =
        CompletableFuture.runAsync(
            () -> dual.write("update orders set note = 'late' where id = 0"));
    await(() -> dual.sides.shared.queryOne("select note from orders").equals("late"));

    // DUAL at a later epoch: flipped and flipped back while the client was paused.
    Epoch epoch = new Epoch(state.equals("CLOSED") ? 1 : state.equals("OPEN") ? 2 : 3);
    dual.sides.fence(dual.sides.serviceSide).move(FenceState.valueOf(state), epoch, Sides.LONG);
    letGo.countDown();
    paused.get(20, TimeUnit.SECONDS);

    assertThat(dual.sides.rows(dual.sides.service)).containsExactly("(0,again,0,0)");
    assertThat(dual.left()).isEqualTo(left + 1);
  }

  @Test
  void shouldHoldNoGuardThatItsClientHasToLetGoOf() {
    List<String> idle = new CopyOnWriteArrayList<>();
    TransactionObserver atEachStop =
        new TransactionObserver() {
          @Override
          public void beforeStatement(Connection bare) {
            look();
          }

          @Override
          public void commit(Connection bare) throws SQLException {
            look();
            bare.commit();
          }

          @Override
          public void ended() {
            look();
          }

          private void look() {
            idle.addAll(
                dual.sides.service.query(
                    "select query from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'"));
          }
        };
    dual.restart(() -> ObservedConnection.of(dual.service(), atEachStop));
    idle.clear();

    dual.write("update orders set note = 'frozen' where id = 0");

    assertThat(dual.sides.rows(dual.sides.service)).containsExactly("(0,frozen,0,0)");
    assertThat(idle).as("what the server waits for its client after").isEmpty();
  }

  @Test
  void shouldBeInTimeWhateverIsolationTheServiceDatabaseHasByDefault() {
    dual.restart(
        () -> {
          Connection connection = dual.service();
          execute(connection, "set default_transaction_isolation = 'repeatable read'");
          return connection;
        });

    dual.write("update orders set note = 'timely' where id = 0");

    assertThat(dual.sides.rows(dual.sides.service)).containsExactly("(0,timely,0,0)");
  }
}
