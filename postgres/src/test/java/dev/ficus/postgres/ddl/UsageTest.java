package dev.ficus.postgres.ddl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@Rule("R19")
class UsageTest {

  private static final TableName A = new TableName("public", "a");
  private static final TableName B = new TableName("public", "b");
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private TestDatabase test;
  private Database database;

  @BeforeEach
  void create() {
    test = TestPostgres.create();
    database = new Database(Database.SHARED, test.address());
    test.execute(
        "create table public.a (id int primary key); insert into public.a select generate_series(1, 5000);"
            + "create table public.b (id int primary key); create view public.v as select * from public.b; analyze public.a");
  }

  @AfterEach
  void drop() {
    test.close();
  }

  @Test
  void shouldFindTablesUnusedThatNobodyTouchesEvenWhenRenamedAside() {
    Usage before = Usage.readSettled(database, List.of(A), PATIENCE);

    Usage after = Usage.readSettled(database, List.of(A), PATIENCE);

    assertThat(after.since(before))
        .isInstanceOfSatisfying(
            Usage.Comparison.Unused.class, unused -> assertThat(unused.duration()).isPositive());
    assertThat(before.tables())
        .hasEntrySatisfying(A, count -> assertThat(count.writes()).isEqualTo(5000));
  }

  @Test
  void shouldWaitForWhatAnIdleSessionHasNotReportedYet() throws Exception {
    Usage before = Usage.readSettled(database, List.of(A), PATIENCE);
    try (Connection idle = test.connect();
        Statement statement = idle.createStatement()) {
      statement.execute("select count(*) from public.b");
      // Within a second of a report, a session holds the next one back until ten seconds are over.
      statement.execute("select count(*) from public.a");

      Usage settled = Usage.readSettled(database, List.of(A), PATIENCE);

      assertThat(settled.since(before))
          .isInstanceOfSatisfying(
              Usage.Comparison.Used.class,
              used -> assertThat(used.by()).containsEntry(A, new Usage.Count(1, 0)));
      assertThat(Usage.readSettled(database, List.of(A), PATIENCE).since(settled))
          .isInstanceOf(Usage.Comparison.Unused.class);
    }
  }

  @Test
  void shouldCountEveryWayOfUse() {
    Usage before = Usage.readSettled(database, List.of(A, B), PATIENCE);
    test.query("select count(*) from public.v");
    test.execute("insert into public.b values (1)");
    test.query("select id from public.a where id = 7");

    Usage after = Usage.readSettled(database, List.of(A, B), PATIENCE);

    assertThat(after.since(before))
        .isInstanceOfSatisfying(
            Usage.Comparison.Used.class,
            used -> {
              assertThat(used.by()).containsEntry(A, new Usage.Count(1, 0));
              assertThat(used.by()).containsEntry(B, new Usage.Count(1, 1));
            });
  }

  @Test
  void shouldCountTheUseOfPartitions() {
    TableName root = new TableName("public", "r");
    test.execute(
        "create table public.r (id int primary key) partition by range (id); create table public.r1 partition of public.r for values from (0) to (10)");
    Usage before = Usage.readSettled(database, List.of(root), PATIENCE);
    test.execute("insert into public.r1 values (1)");
    test.query("select count(*) from public.r1");

    Usage after = Usage.readSettled(database, List.of(root), PATIENCE);

    assertThat(after.since(before))
        .isInstanceOfSatisfying(
            Usage.Comparison.Used.class,
            used -> assertThat(used.by()).containsEntry(root, new Usage.Count(1, 1)));
  }

  @Test
  void shouldNotKnowWhenTheCountersWereResetOrCoverOtherTables() {
    Usage before = Usage.readSettled(database, List.of(A), PATIENCE);
    assertThat(Usage.read(database, List.of(B)).since(before))
        .isInstanceOf(Usage.Comparison.Unknown.class);

    test.query("select pg_stat_reset()");

    assertThat(Usage.readSettled(database, List.of(A), PATIENCE).since(before))
        .isInstanceOfSatisfying(
            Usage.Comparison.Unknown.class,
            unknown -> assertThat(unknown.reason()).contains("reset"));
  }

  @Test
  void shouldNotKnowAfterARestartThatMayHaveLostCounters() {
    Usage now = Usage.read(database, List.of(A));
    Usage quiet =
        new Usage(now.at(), now.reset(), now.serverStarted(), Map.of(A, new Usage.Count(0, 0)));
    Usage quietBefore =
        new Usage(now.at(), now.reset(), now.serverStarted().minusSeconds(60), quiet.tables());
    Usage busyBefore =
        new Usage(
            now.at(),
            now.reset(),
            now.serverStarted().minusSeconds(60),
            Map.of(A, new Usage.Count(9, 9)));

    assertThat(quiet.since(quietBefore)).isInstanceOf(Usage.Comparison.Unknown.class);
    assertThat(quiet.since(busyBefore)).isInstanceOf(Usage.Comparison.Unknown.class);
    assertThat(busyBefore.since(busyBefore)).isInstanceOf(Usage.Comparison.Unused.class);
  }
}
