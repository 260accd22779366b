package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Epoch;
import dev.ficus.core.FaultPoints;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.FenceState;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.TableCopies;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Partitioned tables are copied and streamed as their roots, wherever their rows lie. */
@Rule({"R1", "R2", "R3", "R7"})
class PartitionedTest {

  private static final RelaySettings ADDITIVE =
      RelaySettings.DEFAULTS.withAdditive(Set.of(TwoSides.GROUP));

  /** Four kinds of partitioning, of which one has columns in another order and one two levels. */
  private static final List<String> PARTITIONED =
      List.of(
          "create table public.ranges (id int, at date, note text, big text, primary key (id, at)) partition by range (at)",
          "alter table public.ranges alter big set storage external",
          "create table public.ranges_1 partition of public.ranges for values from ('2024-01-01') to ('2024-02-01')",
          "create table public.ranges_2 (dropped int, big text, note text, at date not null, id int not null)",
          "alter table public.ranges_2 drop column dropped, alter big set storage external, add primary key (id, at)",
          "alter table public.ranges attach partition public.ranges_2 for values from ('2024-02-01') to ('2024-03-01')",
          "create table public.ranges_rest partition of public.ranges default",
          "create table public.lists (kind text, id int, v int, primary key (kind, id)) partition by list (kind)",
          "create table public.lists_a partition of public.lists for values in ('a')",
          "create table public.lists_b partition of public.lists for values in ('b', 'c') partition by hash (id)",
          "create table public.lists_b0 partition of public.lists_b for values with (modulus 2, remainder 0)",
          "create table public.lists_b1 partition of public.lists_b for values with (modulus 2, remainder 1)",
          "create table public.hashes (id bigint, v text not null, primary key (id)) partition by hash (id)",
          "create table public.hashes_0 partition of public.hashes for values with (modulus 3, remainder 0)",
          "create table public.hashes_1 partition of public.hashes for values with (modulus 3, remainder 1)",
          "create table public.hashes_2 partition of public.hashes for values with (modulus 3, remainder 2)",
          "create table public.wholes (id int not null, part int not null, v text, unique (id, part)) partition by list (part)",
          "create table public.wholes_1 partition of public.wholes for values in (1)",
          "create table public.wholes_2 partition of public.wholes for values in (2)",
          "alter table public.wholes replica identity full",
          "alter table public.wholes_1 replica identity full",
          "alter table public.wholes_2 replica identity full");

  private static final List<String> PLAIN =
      List.of(
          "create table public.ranges (id int, at date, note text, big text, primary key (id, at))",
          "create table public.lists (kind text, id int, v int, primary key (kind, id))",
          "create table public.hashes (id bigint, v text not null, primary key (id))",
          "create table public.wholes (id int not null, part int not null, v text, unique (id, part))",
          "alter table public.wholes replica identity full");

  private static final String[] TABLES = {"ranges", "lists", "hashes", "wholes"};

  private static boolean slotLooksAgain(TestDatabase source) {
    return Integer.parseInt(source.queryOne("show server_version_num")) >= 150000;
  }

  /** Which sides are partitioned. */
  private enum Cut {
    BOTH(true, true),
    SOURCE(true, false),
    TARGET(false, true);

    private final boolean source;
    private final boolean target;

    Cut(boolean source, boolean target) {
      this.source = source;
      this.target = target;
    }
  }

  private final TwoSides sides = new TwoSides();

  private void create(Cut cut) {
    (cut.source ? PARTITIONED : PLAIN).forEach(sides.shared::execute);
    (cut.target ? PARTITIONED : PLAIN).forEach(sides.service::execute);
    sides.shared.execute(
        """
        insert into public.ranges select i, date '2024-01-01' + i % 90, 'n' || i, repeat(md5(i::text), 100) from generate_series(1, 600) i;
        insert into public.lists select chr(97 + i % 3), i, i from generate_series(1, 300) i;
        insert into public.hashes select i, 'v' || i from generate_series(1, 300) i;
        insert into public.wholes select i, 1 + i % 2, repeat(md5(i::text), 100) from generate_series(1, 100) i;
        """);
  }

  private void stream(RelaySettings settings, String... tables) {
    sides.request(tables);
    sides.relay(settings, FaultPoints.NONE);
    sides.awaitStreaming();
  }

  @AfterEach
  void dropSides() {
    sides.close();
  }

  @ParameterizedTest
  @EnumSource(Cut.class)
  void shouldCopyAndStreamWhicheverSideIsPartitioned(Cut cut) {
    create(cut);
    stream(RelaySettings.DEFAULTS.withCopy(2, 64 * 1024), TABLES);
    sides.assertEqual(TABLES);

    sides.shared.execute(
        """
        update public.ranges set note = 'changed' where id % 7 = 0;
        -- From one partition into another, the large values left alone.
        update public.ranges set at = at + 31 where id % 5 = 0;
        begin;
        update public.ranges set at = date '2024-01-15' where id = 3;
        update public.ranges set note = 'moved' where id = 3;
        update public.ranges set at = date '2025-01-15', id = 4000 where id = 3;
        insert into public.ranges values (3, date '2024-01-15', 'in its place', 'small');
        delete from public.ranges where id = 4;
        commit;
        update public.lists set kind = case kind when 'a' then 'b' when 'b' then 'c' else 'a' end where id % 4 = 0;
        delete from public.lists where id % 11 = 0;
        update public.hashes set id = id + 1000 where id % 3 = 0;
        update public.hashes set v = 'w' where id > 1000;
        update public.wholes set part = 3 - part where id % 3 = 0;
        update public.wholes set id = id + 500 where id % 4 = 0;
        delete from public.wholes where id % 5 = 0;
        """);
    sides.awaitCaughtUp();
    sides.assertEqual(TABLES);
    assertThat(
            sides.service.queryOne(
                "select count(*) from public.ranges where length(big) = 3200 and at >= '2024-03-01'"))
        .isNotEqualTo("0");

    sides.shared.execute(
        "begin; insert into public.hashes values (5000, 'before'); truncate public.hashes, public.lists; insert into public.hashes values (1, 'after'); commit");
    sides.awaitCaughtUp();
    sides.assertEqual(TABLES);
    assertThat(sides.service.query("select v from public.hashes")).containsExactly("after");
  }

  @Test
  void shouldStreamWhatIsWrittenIntoAPartitionByItsName() {
    create(Cut.BOTH);
    stream(RelaySettings.DEFAULTS, TABLES);

    sides.shared.execute(
        """
        insert into public.ranges_2 (id, at, note) values (9000, '2024-02-02', 'direct');
        update public.ranges_2 set note = 'direct too' where id % 2 = 0;
        delete from public.lists_b1;
        insert into public.lists_b select 'b', i, 0 from generate_series(1000, 1010) i;
        """);
    sides.awaitCaughtUp();

    sides.assertEqual(TABLES);
    assertThat(sides.service.queryOne("select note from public.ranges_2 where id = 9000"))
        .isEqualTo("direct too");
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

  private void fence() {
    new Fence(sides.source, TwoSides.GROUP)
        .install(
            List.of(new TableName("public", "ranges"), new TableName("public", "lists")),
            FenceState.OPEN,
            Epoch.FIRST,
            Duration.ofSeconds(5));
  }

  @Test
  void shouldBeginAgainWhenAPartitionIsAttachedWhileTheSlotIsMade() {
    create(Cut.SOURCE);
    sides.shared.execute(
        "create table public.lists_d (like public.lists including all); insert into public.lists_d values ('d', 99, 1)");
    FaultScript attached =
        new FaultScript()
            .run(
                "relay.slot.created",
                1,
                () ->
                    sides.shared.execute(
                        "alter table public.lists attach partition public.lists_d for values in ('d')"));
    sides.request(TABLES);
    sides.relay(RelaySettings.DEFAULTS, attached);
    sides.awaitStreaming();
    sides.awaitCaughtUp();

    sides.assertEqual(TABLES);
    assertThat(sides.service.queryOne("select v from public.lists where kind = 'd'"))
        .isEqualTo("1");
  }

  @Test
  void shouldTakeATruncateOfTheRootForWhatItIs() {
    create(Cut.BOTH);
    fence();
    stream(RelaySettings.DEFAULTS, TABLES);

    sides.shared.execute(
        "begin; truncate public.lists; truncate public.lists; insert into public.lists values ('b', 1, 1); commit");
    sides.awaitCaughtUp();

    sides.assertEqual(TABLES);
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
    sides.awaitQuery(
        sides.shared,
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
  void shouldWaitByNameForAPartitionThatTheTargetLacks() {
    create(Cut.BOTH);
    stream(RelaySettings.DEFAULTS, TABLES);
    sides.shared.execute(
        "create table public.lists_d partition of public.lists for values in ('d')");
    sides.shared.execute("insert into public.hashes values (7000, 'before')");
    sides.awaitCaughtUp();

    sides.shared.execute("insert into public.lists values ('d', 1, 1)");
    sides.awaitQuery(
        sides.service,
        "select coalesce((select last_retry from ficus.stream_watch where stream = 'orders.forward'), '') like '%no partition of relation \"lists\" found for row%'",
        "t");
    sides.service.execute(
        "create table public.anything partition of public.lists for values in ('d', 'e')");
    sides.awaitCaughtUp();

    sides.assertEqual(TABLES);
  }

  @ParameterizedTest
  @EnumSource(
      value = Cut.class,
      names = {"BOTH", "SOURCE"})
  void shouldNeedNothingWhereTheTargetTakesTheRows(Cut cut) {
    create(cut);
    sides.shared.execute("alter table public.ranges detach partition public.ranges_rest");
    sides.shared.execute("drop table public.ranges_rest");
    sides.shared.execute("delete from public.hashes");
    stream(RelaySettings.DEFAULTS, TABLES);

    sides.shared.execute(
        "create table public.ranges_3 partition of public.ranges for values from ('2024-03-01') to ('2024-04-01')");
    sides.shared.execute("insert into public.ranges values (9001, '2024-03-03', 'new')");
    sides.awaitCaughtUp();

    sides.assertEqual(TABLES);
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

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "alter table public.ranges_1 replica identity full | ranges | partitions [public.ranges_1] of table public.ranges in the source are not sent as it is",
        "alter table public.lists_b0 set unlogged | lists | partitions [public.lists_b0] of table public.lists in the source are not sent as it is",
        "select 1 | ranges_1 | is a partition of public.ranges",
      })
  void shouldRefuseByNameWhatIsNotSentAsItsRoot(String ddl, String table, String refusal) {
    create(Cut.BOTH);
    sides.shared.execute(ddl);
    sides.request(table);
    sides.relay();

    assertThat(sides.awaitFailed().failure().orElseThrow()).contains(refusal);
  }

  @Test
  void shouldCopyTheTablesAnew() {
    create(Cut.BOTH);
    stream(RelaySettings.DEFAULTS, TABLES);
    sides.service.execute("delete from public.ranges_1");
    TableCopies.request(sides.target, TwoSides.FORWARD, Set.of(new TableName("public", "ranges")));
    sides.awaitCaughtUp();

    sides.assertEqual(TABLES);
  }
}
