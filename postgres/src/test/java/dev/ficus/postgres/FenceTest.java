package dev.ficus.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.TableName;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Rule("R12")
class FenceTest {

  private static final GroupName GROUP = new GroupName("orders");
  private static final TableName TABLE = new TableName("public", "Order lines");
  private static final Duration SHORT = Duration.ofMillis(200);
  private static final Duration LONG = Duration.ofSeconds(20);

  private TestDatabase test;
  private Fence fence;

  @BeforeEach
  void installFence() {
    test = TestPostgres.create();
    Database database = new Database(Database.SHARED, test.address());
    FicusSchema.install(database);
    test.execute(
        "create table public.\"Order lines\" (id int primary key, n int); insert into public.\"Order lines\" values (1, 0)");
    fence = new Fence(database, GROUP);
    fence.install(List.of(TABLE), FenceState.OPEN, Epoch.FIRST, SHORT);
  }

  @AfterEach
  void dropDatabase() {
    test.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "insert into public.\"Order lines\" values (2, 0)",
        "update public.\"Order lines\" set n = 1",
        "update public.\"Order lines\" set n = 1 where false",
        "delete from public.\"Order lines\"",
        "truncate public.\"Order lines\"",
        "merge into public.\"Order lines\" t using (values (1)) v(id) on t.id = v.id when matched then update set n = 2"
      })
  void shouldRefuseEveryKindOfWriteWhenClosedAndSayWhich(String write) {
    test.execute(write);

    fence.move(FenceState.CLOSED, Epoch.FIRST, LONG);

    assertThatThrownBy(() -> test.execute(write))
        .satisfies(error -> assertThat(SqlErrors.has(error, SqlErrors.FENCE_CLOSED)).isTrue())
        .hasRootCauseMessage(
            "ERROR: ficus: "
                + write
                    .split(" ", 2)[0]
                    .toUpperCase(java.util.Locale.ROOT)
                    .replace("MERGE", "UPDATE")
                + " on public.\"Order lines\" refused: the fence of group orders is closed in this database (epoch 1)\n"
                + "  Hint: Write through the Ficus starter, which retries on the side that accepts writes; \"ficus status\" says which one that is.\n"
                + "  Where: PL/pgSQL function ficus.check_fence() line 24 at RAISE");
  }

  @Test
  void shouldLetReadsAndRowLocksPassWhenClosed() {
    fence.move(FenceState.CLOSED, Epoch.FIRST, LONG);

    assertThat(test.query("select n from public.\"Order lines\" for update")).containsExactly("0");
  }

  @Test
  void shouldNotCloseBeforeAWriterInFlightHasEnded() throws Exception {
    assertClosingWaitsForTheWriter();
  }

  @Test
  void shouldFailTheRaceTestWhenTheFenceTakesNoLock() {
    test.execute(
        test.queryOne("select pg_get_functiondef('ficus.check_fence()'::regprocedure)")
            .replaceFirst("perform pg_advisory_xact_lock_shared[^;]*;", ""));

    assertThatThrownBy(this::assertClosingWaitsForTheWriter).isInstanceOf(AssertionError.class);
  }

  private void assertClosingWaitsForTheWriter() throws Exception {
    try (Connection writer = test.connect();
        Statement write = writer.createStatement()) {
      writer.setAutoCommit(false);
      write.execute("update public.\"Order lines\" set n = n + 1");
      CompletableFuture<Void> closing =
          CompletableFuture.runAsync(() -> fence.move(FenceState.CLOSED, Epoch.FIRST, LONG));

      assertThat(closing.isDone() || endsWithin(closing, SHORT))
          .as("closed under a writer in flight")
          .isFalse();
      writer.commit();
      closing.get(20, TimeUnit.SECONDS);
    }
    assertThat(test.queryOne("select n from public.\"Order lines\"")).isEqualTo("1");
  }

  private static boolean endsWithin(CompletableFuture<Void> future, Duration time)
      throws Exception {
    try {
      future.get(time.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (java.util.concurrent.TimeoutException e) {
      return false;
    }
  }

  @Test
  void shouldStayOpenWhenAWriterDoesNotEndInTime() throws SQLException {
    try (Connection writer = test.connect();
        Statement write = writer.createStatement()) {
      writer.setAutoCommit(false);
      write.execute("update public.\"Order lines\" set n = n + 1");

      assertThatThrownBy(() -> fence.move(FenceState.CLOSED, Epoch.FIRST, SHORT))
          .satisfies(
              error -> assertThat(SqlErrors.has(error, SqlErrors.LOCK_NOT_AVAILABLE)).isTrue());

      assertThat(fence.read()).contains(new Fence.Reading(FenceState.OPEN, Epoch.FIRST));
      write.execute("update public.\"Order lines\" set n = n + 1");
      writer.commit();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {Connection.TRANSACTION_REPEATABLE_READ, Connection.TRANSACTION_SERIALIZABLE})
  void shouldFailAWriterWhoseSnapshotIsOlderThanTheClosing(int isolation) throws SQLException {
    try (Connection writer = test.connect();
        Statement write = writer.createStatement()) {
      writer.setTransactionIsolation(isolation);
      writer.setAutoCommit(false);
      write.execute("select n from public.\"Order lines\"");

      fence.move(FenceState.CLOSED, Epoch.FIRST, LONG);

      assertThatThrownBy(() -> write.execute("update public.\"Order lines\" set n = n + 1"))
          .satisfies(
              error -> assertThat(SqlErrors.has(error, SqlErrors.SERIALIZATION_FAILURE)).isTrue());
    }
  }

  private static final TableName PARTITIONED = new TableName("public", "parts");

  private void createPartitioned() {
    test.execute(
        """
        create table public.parts (id int primary key, n int) partition by range (id);
        create table public.parts_1 partition of public.parts for values from (0) to (10);
        create table public.parts_2 partition of public.parts for values from (10) to (20) partition by range (id);
        create table public.parts_2a partition of public.parts_2 for values from (10) to (20);
        """);
    fence.install(List.of(PARTITIONED), FenceState.OPEN, Epoch.FIRST, SHORT);
    test.execute(
        """
        create table public.parts_3 partition of public.parts for values from (20) to (30);
        create table public.parts_4 (n int, id int primary key);
        alter table public.parts attach partition public.parts_4 for values from (30) to (40);
        insert into public.parts values (1, 0), (11, 0), (21, 0), (31, 0);
        insert into public.parts_3 values (22, 0);
        update public.parts_3 set n = 1;
        delete from public.parts_3 where id = 22;
        """);
    assertThat(test.query("select id || ' ' || n from public.parts order by id"))
        .containsExactly("1 0", "11 0", "21 1", "31 0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "insert into public.parts values (2, 0)",
        "update public.parts set id = 12 where id = 1",
        "truncate public.parts",
        "insert into public.parts_1 values (2, 0)",
        "update public.parts_1 set n = 1",
        "delete from public.parts_1",
        "truncate public.parts_1",
        "insert into public.parts_2 values (12, 0)",
        "truncate public.parts_2",
        "update public.parts_2a set n = 1 where false",
        "delete from only public.parts_2a",
        "insert into public.parts_3 values (22, 0)",
        "update public.parts_3 set n = 1",
        "delete from public.parts_3",
        "update public.parts_4 set n = 1",
      })
  void shouldKeepOutWritesOfAPartitionByItsNameAndOfOneThatCameLater(String write) {
    createPartitioned();
    fence.move(FenceState.CLOSED, Epoch.FIRST, LONG);

    assertThatThrownBy(() -> test.execute(write))
        .satisfies(error -> assertThat(SqlErrors.has(error, SqlErrors.FENCE_CLOSED)).isTrue());
  }

  @Test
  void shouldGuardNewPartitionsByStatementOnceAsked() {
    createPartitioned();
    assertThat(fence.unguarded(List.of(PARTITIONED))).isEmpty();

    fence.installOnNewPartitions(List.of(PARTITIONED), SHORT);
    fence.move(FenceState.CLOSED, Epoch.FIRST, LONG);

    for (String partition : List.of("parts_3", "parts_4")) {
      assertThatThrownBy(() -> test.execute("truncate public." + partition))
          .satisfies(error -> assertThat(SqlErrors.has(error, SqlErrors.FENCE_CLOSED)).isTrue());
    }
    assertThat(
            test.query(
                "select tgrelid::regclass from pg_trigger where tgname = 'ficus_fence_row' and tgenabled <> 'D' order by 1"))
        .containsExactly("parts", "parts_2");
    test.execute("alter table public.parts_3 disable trigger ficus_fence");
    assertThat(fence.unguarded(List.of(PARTITIONED)))
        .containsExactly(new TableName("public", "parts_3"));
  }

  @Test
  void shouldLeaveNothingOnPartitionsWhenUninstalled() {
    createPartitioned();

    fence.uninstall(List.of(PARTITIONED), SHORT);

    assertThat(
            test.query(
                "select tgname from pg_trigger where tgname like 'ficus%' and tgrelid::regclass::text ~ 'parts'"))
        .isEmpty();
  }

  @Test
  void shouldRefuseToMoveBackBehindALaterEpoch() {
    fence.move(FenceState.OPEN, new Epoch(3), LONG);

    assertThatThrownBy(() -> fence.move(FenceState.CLOSED, new Epoch(2), LONG))
        .hasMessageContaining("moved at an epoch later than 2");
    assertThat(fence.read()).contains(new Fence.Reading(FenceState.OPEN, new Epoch(3)));
  }

  @Test
  void shouldNameTablesWhoseTriggerIsMissingOrDisabled() {
    assertThat(fence.unguarded(List.of(TABLE))).isEmpty();

    test.execute("alter table public.\"Order lines\" disable trigger ficus_fence");

    assertThat(fence.unguarded(List.of(TABLE))).containsExactly(TABLE);
  }

  @Test
  void shouldKeepItsStateWhenInstalledAgain() {
    fence.move(FenceState.SEALED, new Epoch(2), LONG);

    fence.install(List.of(TABLE), FenceState.OPEN, Epoch.FIRST, SHORT);

    assertThat(fence.read()).contains(new Fence.Reading(FenceState.SEALED, new Epoch(2)));
  }

  @Test
  void shouldLeaveNothingBehindWhenUninstalled() {
    fence.uninstall(List.of(TABLE), SHORT);

    assertThat(fence.read()).isEmpty();
    assertThat(
            test.query(
                "select tgname from pg_trigger where tgrelid = 'public.\"Order lines\"'::regclass"))
        .isEmpty();
    test.execute("update public.\"Order lines\" set n = 5");
  }
}
