package dev.ficus.dualwriter;

import static dev.ficus.dualwriter.Sides.GROUP;
import static dev.ficus.dualwriter.Sides.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.Epoch;
import dev.ficus.core.FreshnessLsn;
import dev.ficus.core.Lsn;
import dev.ficus.core.Phase;
import dev.ficus.postgres.Counter;
import dev.ficus.postgres.FenceState;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.Rule;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DualWriterTest {

  private static final Duration PATIENT = Duration.ofSeconds(10);
  private static final DualWriterSettings SETTINGS =
      new DualWriterSettings(1, 2, PATIENT, Duration.ofSeconds(5));
  private static final String BEFORE_WRITE = "dualwriter.write.before";

  private final FaultScript faults = new FaultScript();
  private final List<Optional<FreshnessLsn>> told = new ArrayList<>();
  private Sides sides;
  private DualWriter writer;

  @BeforeEach
  void start() {
    sides = new Sides();
    writer = writer(SETTINGS);
    // Plans are read on another thread; until they are there a write is left to the stream.
    write("insert into orders values (0, 'first', 0)");
    await(() -> writer.plans(Epoch.FIRST).isLoaded(Epoch.FIRST));
    write("update orders set note = 'again' where id = 0");
    assertThat(sides.rows(sides.service)).containsExactly("(0,again,0,0)");
  }

  @AfterEach
  void stop() {
    writer.close();
    sides.close();
  }

  private DualWriter writer(DualWriterSettings settings) {
    return new DualWriter(
        GROUP, sides.routes, () -> sides.serviceSide.connect("dual writes"), settings, faults);
  }

  @Rule("R9")
  @ParameterizedTest
  @ValueSource(
      strings = {
        "insert into orders values (1, 'a', 1.50)",
        "insert into orders select i, 'many', i from generate_series(1, 500) i",
        "insert into orders values (1, 'a', 1) on conflict (id) do update set note = 'b'",
        "update orders set note = null",
        "update orders set id = id + 100",
        "delete from orders",
        "insert into orders values (1, 'a', 1); delete from orders where id = 1",
        "delete from orders; insert into orders values (0, 'new', 7)",
        "merge into orders o using (values (0::bigint), (9)) v(id) on o.id = v.id when matched then delete when not matched then insert values (v.id, 'm', 1)",
        """
        insert into "Order lines" values ('n, "1"', 1, 'large', '2026-07-01 12:00:00.123456+02', '1 mon -3 days 04:05:06', 0.1::float8 + 0.2,
          array['a,b', null, '"'], '{"k": [1, null]}', '\\xdeadbeef', 'it''s (odd)');
        update "Order lines" set line = 2
        """
      })
  void shouldWriteToTheOtherSideWhatTheTransactionTouched(String sql) {
    long left = left();

    write(sql);

    assertThat(sides.rows(sides.service)).isEqualTo(sides.rows(sides.shared));
    assertThat(left()).isEqualTo(left);
  }

  @Rule("R9")
  @Test
  void shouldWriteNothingOfASavepointThatWasRolledBack() throws SQLException {
    transaction(
        connection -> {
          Savepoint early = connection.setSavepoint();
          execute(connection, "insert into orders values (1, 'gone', 1)");
          connection.rollback(early);
          execute(connection, "insert into orders values (2, 'stays', 1)");
          Savepoint late = connection.setSavepoint();
          execute(connection, "insert into orders values (3, 'gone', 1)");
          connection.rollback(late);
          connection.commit();
        });

    assertThat(sides.rows(sides.service)).containsExactly("(0,again,0,0)", "(2,stays,1,2)");
    assertThat(sides.service.query("select row_key from ficus.guard order by 1"))
        .containsExactly("[0]", "[2]");
  }

  @Rule("R9")
  @Test
  void shouldWriteNothingWhenTheTransactionIsRolledBack() throws SQLException {
    long before = counted(Counter.DUAL_WRITES);
    transaction(
        connection -> {
          execute(connection, "insert into orders values (1, 'gone', 1)");
          connection.rollback();
          execute(connection, "select 1");
          connection.commit();
        });

    assertThat(sides.rows(sides.service)).containsExactly("(0,again,0,0)");
    assertThat(counted(Counter.DUAL_WRITES)).isEqualTo(before);
  }

  @Test
  void shouldWriteEachOfSeveralTransactionsOfOneConnectionAndStatement() throws SQLException {
    try (Connection connection = writer.wrap(sides.shared.connect(), CommitListener.NONE)) {
      connection.setAutoCommit(false);
      try (PreparedStatement insert =
          connection.prepareStatement("insert into orders values (?, 'again', 1)")) {
        for (int id = 1; id <= 3; id++) {
          insert.setInt(1, id);
          insert.executeUpdate();
          connection.commit();
        }
        insert.setInt(1, 4);
        insert.executeUpdate();
        // Switching auto-commit on commits.
        connection.setAutoCommit(true);
      }
    }

    assertThat(sides.rows(sides.service)).isEqualTo(sides.rows(sides.shared)).hasSize(5);
  }

  @Test
  void shouldRefuseAStatementOutsideATransaction() throws SQLException {
    try (Connection connection = writer.wrap(sides.shared.connect(), CommitListener.NONE);
        Statement statement = connection.createStatement()) {
      assertThatThrownBy(() -> statement.execute("insert into orders values (1, 'a', 1)"))
          .isInstanceOf(DualWriteException.class)
          .hasMessageContaining("outside a transaction");
    }
    assertThat(sides.rows(sides.shared)).hasSize(1);
  }

  @Rule("R10")
  @ParameterizedTest
  @ValueSource(
      strings = {
        "insert into orders values (0, 'newer', 5) on conflict (id) do update set note = 'newer', amount = 5",
        "delete from orders where id = 0"
      })
  void shouldNotOverwriteWhatWasStreamedWhileItWasPaused(String newer) throws Exception {
    CountDownLatch letGo = new CountDownLatch(1);
    faults.hang(BEFORE_WRITE, nextWrite(), letGo);
    CompletableFuture<Void> paused =
        CompletableFuture.runAsync(() -> write("update orders set note = 'late' where id = 0"));
    await(() -> sides.shared.queryOne("select note from orders").equals("late"));

    // Another client's change is streamed first: guard, then row, then position as the relay does.
    sides.shared.execute("update orders set note = 'newer'");
    String lsn = sides.shared.queryOne("select pg_current_wal_insert_lsn()::text");
    sides.service.execute(
        "set session_replication_role = replica; update ficus.guard set lsn = '"
            + lsn
            + "', deleted = "
            + newer.startsWith("delete")
            + "; "
            + newer);
    List<String> streamed = sides.rows(sides.service);
    letGo.countDown();
    paused.get(20, TimeUnit.SECONDS);

    assertThat(sides.rows(sides.service)).isEqualTo(streamed);
  }

  @Rule("R10")
  @Test
  void shouldSkipADualWriteThatTheStreamHasPassedAfterItsGuardWasPurged() throws Exception {
    CountDownLatch letGo = new CountDownLatch(1);
    faults.hang(BEFORE_WRITE, nextWrite(), letGo);
    CompletableFuture<Void> paused =
        CompletableFuture.runAsync(() -> write("update orders set note = 'late' where id = 0"));
    await(() -> sides.shared.queryOne("select note from orders").equals("late"));

    String lsn = sides.shared.queryOne("select pg_current_wal_insert_lsn()::text");
    sides.service.execute(
        "set session_replication_role = replica; delete from orders; delete from ficus.guard; update ficus.stream set position = '"
            + lsn
            + "'");
    letGo.countDown();
    paused.get(20, TimeUnit.SECONDS);

    assertThat(sides.rows(sides.service)).isEmpty();
  }

  @Rule("R10")
  @ParameterizedTest
  @ValueSource(strings = {"CLOSED", "OPEN", "DUAL"})
  void shouldBeRefusedWhenItComesAfterAFlip(String state) throws Exception {
    CountDownLatch letGo = new CountDownLatch(1);
    faults.hang(BEFORE_WRITE, nextWrite(), letGo);
    long left = left();
    CompletableFuture<Void> paused =
        CompletableFuture.runAsync(() -> write("update orders set note = 'late' where id = 0"));
    await(() -> sides.shared.queryOne("select note from orders").equals("late"));

    // DUAL at a later epoch: flipped and flipped back while the client was paused.
    Epoch epoch = new Epoch(state.equals("CLOSED") ? 1 : state.equals("OPEN") ? 2 : 3);
    sides.fence(sides.serviceSide).move(FenceState.valueOf(state), epoch, Sides.LONG);
    letGo.countDown();
    paused.get(20, TimeUnit.SECONDS);

    assertThat(sides.rows(sides.service)).containsExactly("(0,again,0,0)");
    assertThat(left()).isEqualTo(left + 1);
  }

  @Rule("R9")
  @Test
  void shouldWriteNothingWhenTheOutcomeOfTheCommitIsUnknown() {
    sides.publish(Phase.READS_MOVED, Epoch.FIRST);
    faults.run(
        "dualwriter.commit.before",
        nextCommit(),
        () ->
            sides.shared.query(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'PostgreSQL JDBC Driver' and pid <> pg_backend_pid()"));
    long before = counted(Counter.DUAL_WRITES);

    assertThatThrownBy(() -> write("update orders set note = 'unknown' where id = 0"))
        .hasRootCauseInstanceOf(Exception.class);

    assertThat(counted(Counter.DUAL_WRITES)).isEqualTo(before);
    assertThat(sides.rows(sides.service)).containsExactly("(0,again,0,0)");
    assertThat(told).last().isEqualTo(Optional.empty());
  }

  @Rule("R1")
  @Test
  void shouldLeaveToTheStreamWhatIsTooMuchAndCommitAllTheSame() {
    long left = left();

    write("insert into orders select i, 'bulk', i from generate_series(1, 2001) i");
    write("truncate orders");

    assertThat(left()).isEqualTo(left + 2);
    assertThat(sides.rows(sides.shared)).isEmpty();
    assertThat(sides.rows(sides.service)).hasSize(1);
  }

  @Rule("R1")
  @Test
  void shouldNotFailTheTransactionWhenItsImagesCannotBeRead() {
    long left = left();
    sides.shared.execute("alter table orders rename note to remark");

    write("insert into orders values (1, 'a', 1)");

    assertThat(left()).isEqualTo(left + 1);
    assertThat(sides.rows(sides.shared)).hasSize(2);
  }

  @Rule("R1")
  @Test
  void shouldNotFailTheTransactionWhenTheServiceDatabaseRefuses() {
    long left = left();
    sides.service.execute("alter table orders add check (amount < 100)");

    write("insert into orders values (1, 'a', 100)");

    assertThat(left()).isEqualTo(left + 1);
    assertThat(sides.rows(sides.shared)).hasSize(2);
  }

  @Rule("R1")
  @Test
  void shouldDropAndCountWhatTheQueueCannotHold() throws Exception {
    writer.close();
    writer = writer(new DualWriterSettings(1, 1, Duration.ZERO, Duration.ofSeconds(5)));
    await(() -> writer.plans(Epoch.FIRST).isLoaded(Epoch.FIRST));
    CountDownLatch letGo = new CountDownLatch(1);
    faults.hang(BEFORE_WRITE, nextWrite(), letGo);
    write("insert into orders values (1, 'runs', 1)");
    await(() -> faults.reached().stream().filter(BEFORE_WRITE::equals).count() == nextWrite() - 1);
    long left = left();

    write("insert into orders values (2, 'queued', 1)");
    write("insert into orders values (3, 'dropped', 1)");

    assertThat(left()).isEqualTo(left + 1);
    letGo.countDown();
    await(() -> sides.rows(sides.service).size() == 3);
    assertThat(sides.service.query("select note from orders order by id"))
        .containsExactly("again", "runs", "queued");
  }

  @Test
  void shouldCaptureNothingInAPhaseThatDoesNotDualWrite() {
    long written = counted(Counter.DUAL_WRITES);
    sides.publish(Phase.FOLLOWING, Epoch.FIRST);

    write("insert into orders values (1, 'a', 1)");

    assertThat(sides.rows(sides.service)).hasSize(1);
    assertThat(counted(Counter.DUAL_WRITES)).isEqualTo(written);
    assertThat(told).isEmpty();
  }

  @Rule("R11")
  @Test
  void shouldTellHowFreshAReaderMustBeAfterTheGuard() {
    sides.publish(Phase.READS_SHADOWED, Epoch.FIRST);

    write("insert into orders values (1, 'a', 1)");
    write("select * from orders");

    assertThat(told).hasSize(1);
    Lsn guard =
        Lsn.parse(
            sides.service.queryOne("select lsn::text from ficus.guard where row_key = '[1]'"));
    Lsn fresh = told.get(0).orElseThrow().lsn();
    assertThat(fresh).isGreaterThan(guard);
    assertThat(sides.shared.queryOne("select pg_current_wal_flush_lsn() >= '" + fresh + "'"))
        .isEqualTo("t");
  }

  @Rule("R9")
  @Test
  void shouldEndWithEqualSidesWhenManyWriteTheSameRows() throws Exception {
    writer.close();
    // One thread: two that meet on a hot row may drop one. Their order is still not the commits'.
    writer = writer(new DualWriterSettings(1, 1000, Duration.ZERO, Duration.ofSeconds(5)));
    await(() -> writer.plans(Epoch.FIRST).isLoaded(Epoch.FIRST));
    long left = left();
    write("insert into orders select i, 'hot', 0 from generate_series(1, 5) i");
    List<CompletableFuture<Void>> clients = new ArrayList<>();
    for (int client = 0; client < 4; client++) {
      int seed = client;
      clients.add(CompletableFuture.runAsync(() -> hammer(seed)));
    }
    for (CompletableFuture<Void> client : clients) {
      client.get(60, TimeUnit.SECONDS);
    }
    // The queue is in order: once this has arrived, all before it have.
    write("insert into orders values (1000, 'last', 0)");
    await(
        () ->
            left() > left
                || !sides.service.query("select id from orders where id = 1000").isEmpty());

    // Rows of dropped writes may differ, the stream would carry them; without drops none may.
    assertThat(left()).as("dropped").isEqualTo(left);
    assertThat(sides.rows(sides.service)).isEqualTo(sides.rows(sides.shared));
  }

  private void hammer(int seed) {
    try (Connection connection = writer.wrap(sides.shared.connect(), CommitListener.NONE)) {
      connection.setAutoCommit(false);
      for (int i = 0; i < 100; i++) {
        int id = 1 + (seed + i) % 5;
        execute(
            connection,
            i % 7 == 3
                ? "delete from orders where id = " + id
                : "insert into orders values ("
                    + id
                    + ", 'hot', 1) on conflict (id) do update set amount = orders.amount + 1");
        connection.commit();
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private interface Work {
    void on(Connection connection) throws SQLException;
  }

  private void transaction(Work work) throws SQLException {
    try (Connection connection = writer.wrap(sides.shared.connect(), told::add)) {
      connection.setAutoCommit(false);
      work.on(connection);
    }
  }

  private void write(String sql) {
    try {
      transaction(
          connection -> {
            execute(connection, sql);
            connection.commit();
          });
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private int nextWrite() {
    return (int) faults.reached().stream().filter(BEFORE_WRITE::equals).count() + 1;
  }

  private int nextCommit() {
    return (int) faults.reached().stream().filter("dualwriter.commit.before"::equals).count() + 1;
  }

  private long counted(Counter counter) {
    return sides.routes.counters(GROUP).value(counter);
  }

  private long left() {
    return counted(Counter.DUAL_WRITES_LEFT);
  }
}
