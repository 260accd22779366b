package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.TableName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.TableCopies;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Partitions that come and go while a stream runs, with rows and without. */
@Rule({"R1", "R3", "R7"})
class PartitionDdlTest extends PartitionedSides {

  private static boolean slotLooksAgain(TestDatabase source) {
    return Integer.parseInt(source.queryOne("show server_version_num")) >= 150000;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "alter table public.ranges detach partition public.ranges_1 | partition public.ranges_1 was detached or dropped, and its rows with it",
        "drop table public.ranges_1 | partition public.ranges_1 was detached or dropped, and its rows with it",
        "alter table public.ranges attach partition public.extra for values from ('2030-01-01') to ('2030-02-01') | partition public.extra was attached, with the rows that it has",
        "alter table public.ranges_1 replica identity full | one of its partitions has another replica identity",
        "truncate public.ranges_2 | TRUNCATE emptied partition public.ranges_2 by itself",
        "truncate public.ranges; insert into public.ranges values (1, '2024-02-02'); truncate public.ranges_2 | TRUNCATE emptied partition public.ranges_2 by itself",
      })
  void shouldStopBeforeRowsThatComeOrGoUnsent(String ddl, String change) {
    create(Cut.BOTH);
    for (var side : List.of(sides.shared, sides.service)) {
      side.execute(
          "create table public.extra (like public.ranges including all); insert into public.extra values (1, '2030-01-02')");
    }
    fence();
    stream(RelaySettings.DEFAULTS, TABLES);
    sides.shared.execute("insert into public.hashes values (7000, 'before')");
    sides.shared.execute("begin; " + ddl + "; commit");
    sides.shared.execute("insert into public.hashes values (7001, 'after')");

    StreamRow row = sides.awaitFailed();

    assertThat(row.failure().orElseThrow())
        .contains("table public.ranges was altered in the source at ")
        .contains(change);
    assertThat(sides.service.query("select v from public.hashes where id >= 7000"))
        .containsExactly("before");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "alter table public.ranges detach partition public.ranges_1",
        "drop table public.ranges_1",
        "truncate public.ranges_2",
        "alter table public.lists detach partition public.lists_a concurrently",
      })
  void shouldGoOnOnceTheTargetIsAlike(String ddl) {
    create(Cut.BOTH);
    fence();
    stream(RelaySettings.DEFAULTS, TABLES);
    sides.shared.execute(ddl);
    sides.shared.execute("insert into public.ranges values (8000, '2024-02-02', 'after')");
    sides.awaitFailed();

    assertThat(accept(false)).singleElement().asString().contains("--rewritten-alike");
    sides.service.execute(ddl);
    assertThat(accept(true)).isEmpty();
    sides.awaitCaughtUp();

    sides.assertEqual(TABLES);
    assertThat(sides.service.queryOne("select note from public.ranges where id = 8000"))
        .isEqualTo("after");
  }

  /** A commit that waits for a standby is flushed, and so sent, while nobody sees it yet. */
  @Test
  void shouldWaitUntilAPartitionThatTheWalTellsOfIsThereForAll() throws Exception {
    create(Cut.BOTH);
    stream(ADDITIVE, TABLES);
    sides.awaitCaughtUp();
    Thread ddl =
        new Thread(
            () ->
                sides.shared.execute(
                    "create table public.lists_d partition of public.lists for values in ('d')"));
    setOnServer("set synchronous_standby_names = 'nobody'");
    try {
      ddl.start();
      while (sides
          .shared
          .queryOne("select count(*) from pg_stat_activity where wait_event = 'SyncRep'")
          .equals("0")) {
        Thread.onSpinWait();
      }
      // Long enough for the notice to come to the stream.
      LockSupport.parkNanos(Duration.ofMillis(700).toNanos());
    } finally {
      setOnServer("reset synchronous_standby_names");
      ddl.join();
    }

    sides.shared.execute("insert into public.lists values ('d', 1, 1)");
    sides.awaitCaughtUp();
    sides.assertEqual(TABLES);
  }

  private void setOnServer(String setting) throws SQLException {
    try (Connection connection = sides.shared.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("alter system " + setting);
      statement.execute("select pg_reload_conf()");
    }
  }

  @Test
  void shouldCarryNothingOfAPartitionThatWasDetached() {
    create(Cut.BOTH);
    stream(RelaySettings.DEFAULTS, TABLES);
    sides.shared.execute("update public.ranges_1 set note = 'before'");
    String ddl = "alter table public.ranges detach partition public.ranges_1";
    sides.shared.execute(ddl);
    sides.shared.execute("update public.ranges_1 set note = 'after'");
    sides.awaitFailed();

    sides.service.execute(ddl);
    assertThat(accept(true)).isEmpty();
    sides.shared.execute("insert into public.ranges_1 values (9500, '2024-01-02', 'later')");
    sides.awaitCaughtUp();

    sides.assertEqual(TABLES);
    assertThat(sides.service.queryOne("select distinct note from public.ranges_1"))
        .isEqualTo("before");
  }

  private List<String> accept(boolean rewrittenAlike) {
    return SourceChanges.accept(sides.source, sides.target, TwoSides.FORWARD, rewrittenAlike);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "create table public.lists_d partition of public.lists for values in ('d')",
        "create table public.lists_d (like public.lists including all); alter table public.lists attach partition public.lists_d for values in ('d')",
        "create table public.lists_d (like public.lists including all); insert into public.lists_d values ('d', 99, 1); truncate public.lists_d; alter table public.lists attach partition public.lists_d for values in ('d')",
        "begin; create table public.lists_d (like public.lists including all); insert into public.lists_d values ('d', 99, 1); delete from public.lists_d; alter table public.lists attach partition public.lists_d for values in ('d'); insert into public.lists values ('d', 98, 1); commit",
        "begin; create table public.lists_d partition of public.lists for values in ('d') partition by list (id); create table public.lists_d1 partition of public.lists_d for values in (1); create table public.lists_d2 partition of public.lists_d default; commit",
      })
  void shouldGiveTheTargetPartitionsThatAreMadeEmpty(String ddl) {
    create(Cut.BOTH);
    stream(ADDITIVE, TABLES);

    sides.shared.execute(ddl);
    sides.shared.execute("insert into public.lists values ('d', 1, 1), ('d', 2, 2)");
    sides.shared.execute("update public.lists set kind = 'd' where kind = 'a' and id = 3");
    sides.awaitCaughtUp();

    sides.assertEqual(TABLES);
    assertThat(
            sides.service.queryOne(
                "select pg_get_expr(relpartbound, oid) from pg_class where oid = 'public.lists_d'::regclass"))
        .isEqualTo("FOR VALUES IN ('d')");
    sides.stopRelays();
    sides.shared.execute("insert into public.lists values ('d', 34, 3)");
    sides.relay(ADDITIVE, FaultPoints.NONE);
    sides.awaitCaughtUp();
    sides.assertEqual(TABLES);
  }

  @Test
  void shouldGiveNewPartitionsTheReplicaIdentityOfTheirRoot() {
    create(Cut.BOTH);
    for (TestDatabase side : List.of(sides.shared, sides.service)) {
      for (String table :
          side.query("select relid::regclass from pg_partition_tree('public.lists')")) {
        side.execute("alter table " + table + " replica identity full");
      }
    }
    stream(ADDITIVE, TABLES);

    sides.shared.execute(
        "create table public.lists_d (like public.lists including all); alter table public.lists_d replica identity full; alter table public.lists attach partition public.lists_d for values in ('d')");
    sides.shared.execute("insert into public.lists values ('d', 1, 1)");
    sides.awaitCaughtUp();

    sides.assertEqual(TABLES);
    assertThat(
            sides.service.queryOne(
                "select relreplident from pg_class where oid = 'public.lists_d'::regclass"))
        .isEqualTo("f");
  }

  @Test
  void shouldHearOfATruncateOfAPartitionThatCameLater() {
    create(Cut.BOTH);
    fence();
    stream(ADDITIVE, TABLES);
    sides.shared.execute(
        "create table public.lists_d partition of public.lists for values in ('d')");
    sides.shared.execute("insert into public.lists values ('d', 1, 1)");
    sides.shared.await(
        "select count(*) from pg_trigger where tgrelid = 'public.lists_d'::regclass and tgname = 'ficus_fence_truncate'",
        "1");

    sides.shared.execute("truncate public.lists_d");

    assertThat(sides.awaitFailed().failure().orElseThrow())
        .contains("TRUNCATE emptied partition public.lists_d by itself");
  }

  /** What PostgreSQL does, and why the fence tells of it. */
  @Test
  void shouldHearNothingOfATruncatedPartitionWithoutAFence() {
    create(Cut.BOTH);
    stream(RelaySettings.DEFAULTS, TABLES);

    sides.shared.execute("truncate public.ranges_2");
    sides.awaitCaughtUp();

    assertThat(sides.service.queryOne("select count(*) > 0 from public.ranges_2")).isEqualTo("t");
  }

  @Test
  void shouldStopAtANewPartitionThatOnlyTheCatalogShows() {
    try (TwoSides plain = TwoSides.ofPlainRole(PARTITIONED.toArray(String[]::new))) {
      plain.request("lists");
      plain.relay(ADDITIVE, FaultPoints.NONE);
      plain.awaitStreaming();
      String ddl = "create table public.lists_d partition of public.lists for values in ('d')";
      plain.shared.execute(ddl);

      assertThat(plain.awaitFailed().failure().orElseThrow())
          .contains("partition public.lists_d was attached, with the rows that it has");
      plain.service.execute(ddl);
      if (slotLooksAgain(plain.shared)) {
        assertThat(SourceChanges.accept(plain.source, plain.target, TwoSides.FORWARD, true))
            .isEmpty();
      } else {
        assertThat(SourceChanges.accept(plain.source, plain.target, TwoSides.FORWARD, true))
            .singleElement()
            .asString()
            .contains("rows of it may have been left out");
        TableCopies.request(
            plain.target, TwoSides.FORWARD, Set.of(new TableName("public", "lists")));
      }
      plain.shared.execute("insert into public.lists values ('d', 1, 1)");
      plain.awaitCaughtUp();
      plain.assertEqual("lists");
    }
  }

  @Test
  void shouldStopForRowsThatCameWithAPartitionEvenWhereOthersAreCarriedOn() {
    create(Cut.BOTH);
    stream(ADDITIVE, TABLES);

    sides.shared.execute(
        "create table public.lists_d (like public.lists including all); insert into public.lists_d values ('d', 99, 1)");
    sides.shared.execute(
        "alter table public.lists attach partition public.lists_d for values in ('d')");

    assertThat(sides.awaitFailed().failure().orElseThrow())
        .contains("partition public.lists_d was attached, with the rows that it has");
  }

  @Test
  void shouldCarryColumnsOnWithTheValueThatPartitionsKeep() {
    create(Cut.BOTH);
    stream(ADDITIVE, TABLES);

    sides.shared.execute("alter table public.lists add extra int default 5");
    sides.shared.execute("insert into public.lists (kind, id, extra) values ('a', 900, 6)");
    sides.awaitCaughtUp();

    sides.assertEqual(TABLES);
    assertThat(sides.service.queryOne("select distinct extra from public.lists where id < 900"))
        .isEqualTo("5");
  }
}
