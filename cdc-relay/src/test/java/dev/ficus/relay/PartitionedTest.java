package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.TableName;
import dev.ficus.postgres.TableCopies;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.Rule;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Partitioned tables are copied and streamed as their roots, wherever their rows lie. */
@Rule({"R1", "R2", "R3", "R7"})
class PartitionedTest extends PartitionedSides {

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

  @Test
  void shouldWaitByNameForAPartitionThatTheTargetLacks() {
    create(Cut.BOTH);
    stream(RelaySettings.DEFAULTS, TABLES);
    sides.shared.execute(
        "create table public.lists_d partition of public.lists for values in ('d')");
    sides.shared.execute("insert into public.hashes values (7000, 'before')");
    sides.awaitCaughtUp();

    sides.shared.execute("insert into public.lists values ('d', 1, 1)");
    sides.service.await(
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
