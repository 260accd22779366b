package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.FaultPoints;
import dev.ficus.postgres.PostgresException;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The copy by several workers: where tables are cut, and what a lost connection costs. */
@Rule("R2")
class BackfillTest {

  /** Chunks of four blocks: tables of some thousand rows have dozens. */
  static final RelaySettings SMALL = RelaySettings.DEFAULTS.withCopy(3, 32 * 1024);

  private static final String DEFINITIONS =
      """
      select definition from (
        select pg_get_indexdef(i.indexrelid) || ' ' || i.indimmediate || coalesce(' ' || obj_description(i.indexrelid, 'pg_class'), '')
        from pg_index i where i.indrelid::regclass::text in ('parent', 'child')
        union all
        select c.conrelid::regclass || ' ' || c.conname || ' ' || pg_get_constraintdef(c.oid) || ' ' || c.convalidated
          || coalesce(' ' || obj_description(c.oid, 'pg_constraint'), '')
        from pg_constraint c where c.conrelid::regclass::text in ('parent', 'child')
      ) d (definition) order by 1
      """;

  static final String[] FAMILY = {
    """
    create table public.parent (id bigint primary key, code text not null, n int, note text,
      constraint parent_code unique (code) deferrable initially deferred, constraint parent_n check (n >= 0));
    create index parent_lower on public.parent (lower(code)) where n > 3;
    create index "parent Größe" on public.parent using hash (n) with (fillfactor = 60);
    create unique index parent_pair on public.parent (n, id desc) include (code);
    comment on index public.parent_lower is 'a comment; with ''quotes''';
    comment on constraint parent_code on public.parent is 'codes';
    create table public.child (parent bigint not null, n int not null, note text, primary key (parent, n) with (fillfactor = 70),
      constraint child_parent foreign key (parent) references public.parent on delete cascade);
    create index child_note on public.child (note);
    """
  };

  static void fill(TestDatabase shared, int rows) {
    shared.execute(
        """
        insert into public.parent select i, 'c' || i, i %% 10, repeat('n', 200) from generate_series(1, %d) i;
        insert into public.child select i, j, 'note ' || i from generate_series(1, %d) i, generate_series(1, 3) j;
        """
            .formatted(rows, rows));
  }

  @ParameterizedTest
  @CsvSource(
      delimiterString = " / ",
      quoteCharacter = '`',
      value = {
        "a composite key / (a int, b text, v text, primary key (b, a)) / select i % 50, 'k' || i, repeat('v', 100) from generate_series(1, 5000) i",
        "a text key / (k text collate pg_catalog.\"C\" primary key, v text) / select 'Zeile ' || chr(200 + i % 300) || i, repeat('v', 100) from generate_series(1, 5000) i",
        "a uuid key / (k uuid primary key, v text) / select gen_random_uuid(), repeat('v', 100) from generate_series(1, 5000) i",
        "a skewed key / (k bigint primary key, v text) / select case when i < 4900 then i else i * 1000000000::bigint end, repeat('v', 100) from generate_series(1, 5000) i",
        "values out of line / (k int primary key, v text) / select i, (select string_agg(md5((i * j)::text), '') from generate_series(1, 150) j) from generate_series(1, 500) i",
        "one row / (k int primary key, v text) / select 1, 'v'",
        "no row / (k int primary key, v text) / select 1, 'v' where false",
        "no column but the key / (k int primary key) / select i from generate_series(1, 50000) i",
      })
  void shouldCopyEachRowOnce(String name, String columns, String rows) {
    try (TwoSides sides = new TwoSides("create table public.t " + columns)) {
      sides.shared.execute("insert into public.t " + rows);
      // Blocks without a row.
      sides.shared.execute(
          "delete from public.t where ctid < '(2,0)' and (select count(*) from public.t) > 9");
      sides.request("t");
      sides.relay(SMALL, FaultPoints.NONE);
      sides.awaitStreaming();

      sides.assertEqual("t");
      assertThat(sides.row().rowsCopied())
          .as(name)
          .isEqualTo(Long.parseLong(sides.shared.queryOne("select count(*) from public.t")));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"analyze", "analyze public.t; delete from public.t where k > 10", "vacuum"})
  void shouldNotDependOnStatistics(String statement) {
    try (TwoSides sides = new TwoSides("create table public.t (k int primary key, v text)")) {
      for (String part : statement.split("; ")) {
        sides.shared.execute(part);
      }
      sides.shared.execute(
          "insert into public.t select i, repeat('v', 100) from generate_series(1, 3000) i on conflict do nothing");
      sides.request("t");
      sides.relay(SMALL, FaultPoints.NONE);
      sides.awaitStreaming();

      sides.assertEqual("t");
    }
  }

  @Test
  void shouldCopyWhatTheSnapshotSeesThoughRowsMoveMeanwhile() {
    try (TwoSides sides = new TwoSides(FAMILY)) {
      fill(sides.shared, 2000);
      FaultScript faults = new FaultScript();
      // Between chunks every row gets a new version elsewhere, and the old ones are vacuumed if
      // they can be.
      IntStream.rangeClosed(1, 3)
          .forEach(
              i ->
                  faults.run(
                      "relay.copy.chunk-after-commit",
                      i * 3,
                      () -> {
                        sides.shared.execute("update public.parent set n = n + 1");
                        sides.shared.execute("delete from public.child where n = " + i);
                        sides.shared.execute("vacuum public.parent");
                        sides.shared.execute("vacuum public.child");
                      }));
      sides.request("parent", "child");
      sides.relay(SMALL, faults);
      sides.awaitStreaming();
      sides.awaitCaughtUp();

      sides.assertEqual("parent", "child");
      assertThat(sides.service.queryOne("select count(*) from public.child")).isEqualTo("0");
    }
  }

  @Test
  void shouldRepeatOneChunkOnlyWhenItsConnectionIsLost() {
    try (TwoSides sides = new TwoSides(FAMILY)) {
      fill(sides.shared, 3000);
      FaultScript faults = new FaultScript();
      for (int nth : List.of(3, 7)) {
        faults.run("relay.copy.chunk-before-commit", nth, () -> endCopying(sides.service));
        faults.run("relay.copy.chunk-after-commit", nth, () -> endCopying(sides.shared));
      }
      sides.request("parent", "child");
      sides.relay(SMALL, faults);
      sides.awaitStreaming();

      sides.assertEqual("parent", "child");
      assertThat(faults.reached()).containsOnlyOnce("relay.slot.created");
      assertThat(sides.row().rowsCopied()).isEqualTo(12_000);
      assertThat(sides.service.query(DEFINITIONS)).isEqualTo(sides.shared.query(DEFINITIONS));
    }
  }

  /** Ends the connections that are in a transaction with rows: the workers', not the lease's. */
  private static void endCopying(TestDatabase database) {
    database.query(
        """
        select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'ficus relay orders.forward' and datname = current_database()
          and (backend_xid is not null or query like 'copy (select%')
          and pid not in (select pid from pg_locks where locktype = 'advisory')
        """);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "relay.copy.chunk-before-commit",
        "relay.copy.chunk-after-commit",
        "relay.copy.index-before-commit",
        "relay.copy.index-after-commit",
        "relay.copy.table-before-commit"
      })
  @Rule("R3")
  void shouldNotRepeatWhatWasCommittedThoughTheAnswerWasLost(String point) {
    try (TwoSides sides = new TwoSides(FAMILY)) {
      fill(sides.shared, 2000);
      FaultScript faults = new FaultScript();
      for (int nth : List.of(2, 3, 5)) {
        faults.run(
            point,
            nth,
            () -> {
              throw PostgresException.sql("test", new SQLException("the answer was lost", "08006"));
            });
      }
      sides.request("parent", "child");
      sides.relay(SMALL, faults);
      sides.awaitStreaming();

      sides.assertEqual("parent", "child");
      assertThat(sides.row().rowsCopied()).isEqualTo(8000);
      assertThat(faults.reached()).contains(point).containsOnlyOnce("relay.slot.created");
      assertThat(sides.service.query(DEFINITIONS)).isEqualTo(sides.shared.query(DEFINITIONS));
    }
  }

  @Test
  void shouldBeginAgainWhenTheSnapshotIsLost() {
    try (TwoSides sides = new TwoSides(FAMILY)) {
      fill(sides.shared, 3000);
      FaultScript faults =
          new FaultScript()
              .run(
                  "relay.copy.chunk-after-commit",
                  5,
                  () -> {
                    // Everything at the source, the holder of the snapshot too.
                    sides.shared.query(
                        "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'ficus relay%' and datname = current_database()");
                    sides.shared.execute("update public.parent set n = 0");
                  });
      sides.request("parent", "child");
      sides.relay(SMALL, faults);
      sides.awaitStreaming();
      sides.awaitCaughtUp();

      sides.assertEqual("parent", "child");
      assertThat(faults.reached().stream().filter("relay.slot.created"::equals).count())
          .isEqualTo(2);
      assertThat(sides.service.query(DEFINITIONS)).isEqualTo(sides.shared.query(DEFINITIONS));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "relay.copy.truncated",
        "relay.copy.chunk-before-commit",
        "relay.copy.chunk-after-commit",
        "relay.copy.index-before-commit",
        "relay.copy.index-after-commit",
        "relay.copy.table-before-commit",
        "relay.copy.table-done",
        "relay.copy.before-commit",
      })
  void shouldRestoreEachDefinitionAfterAnEndAtEachCommitBoundary(String point) {
    try (TwoSides sides = new TwoSides(FAMILY)) {
      fill(sides.shared, 2000);
      List<String> before = sides.service.query(DEFINITIONS);
      FaultScript faults = new FaultScript().fail(point, 2).fail(point, 1);
      sides.request("parent", "child");
      try (Relay relay = sides.relay(SMALL, faults)) {
        // It stops by name, as it would for any error that does not pass.
        sides.awaitFailed();
        assertThat(relay).isNotNull();
      }
      assertThat(faults.reached()).contains(point);
      assertThat(sides.service.query(DEFINITIONS)).isNotEqualTo(before);
      sides.streams.stop(TwoSides.FORWARD);
      sides.request("parent", "child");
      sides.relay(SMALL, FaultPoints.NONE);
      sides.awaitStreaming();

      sides.assertEqual("parent", "child");
      assertThat(sides.service.query(DEFINITIONS)).isEqualTo(before);
      assertThat(sides.service.query("select name from ficus.postponed_definition")).isEmpty();
    }
  }

  @Test
  void shouldKeepAnIndexThatATableOutsideTheStreamStandsOn() {
    try (TwoSides sides = new TwoSides(FAMILY)) {
      sides.service.execute(
          """
          create table public.elsewhere (parent bigint references public.parent);
          create view public.counted as select parent, n, note, count(*) from public.child group by parent, n
          """);
      fill(sides.shared, 2000);
      FaultScript faults =
          new FaultScript()
              .run(
                  "relay.copy.truncated",
                  1,
                  () ->
                      assertThat(
                              sides.service.query(
                                  "select indexrelid::regclass::text from pg_index where indrelid::regclass::text in ('parent', 'child') order by 1"))
                          .containsExactly("child_pkey", "parent_pkey"));
      sides.request("parent", "child");
      sides.relay(SMALL, faults);
      sides.awaitStreaming();

      sides.assertEqual("parent", "child");
      assertThat(sides.service.query(DEFINITIONS)).isEqualTo(sides.shared.query(DEFINITIONS));
    }
  }

  @Test
  void shouldRestoreAForeignKeyThatTheSourcesRowsBreak() {
    try (TwoSides sides = new TwoSides(FAMILY)) {
      fill(sides.shared, 2000);
      sides.shared.execute(
          "set session_replication_role = replica; insert into public.child values (999999, 1, 'orphan')");
      sides.request("parent", "child");
      sides.relay(SMALL, FaultPoints.NONE);
      sides.awaitStreaming();

      sides.assertEqual("parent", "child");
      assertThat(
              sides.service.queryOne(
                  "select pg_get_constraintdef(oid) from pg_constraint where conname = 'child_parent'"))
          .contains("ON DELETE CASCADE NOT VALID");
    }
  }

  @Test
  void shouldCommitNothingOnceTheCopyHasBegunAnew() {
    try (TwoSides sides = new TwoSides(FAMILY)) {
      fill(sides.shared, 2000);
      FaultScript faults =
          new FaultScript()
              .run(
                  "relay.copy.chunk-after-commit",
                  2,
                  () -> {
                    // As another relay does that took the lease over.
                    sides.service.execute(
                        "update ficus.stream set position = '0/0' where name = 'orders.forward'");
                    sides.service.execute("truncate public.parent, public.child");
                  });
      sides.request("parent", "child");
      sides.relay(SMALL.withCopy(1, 32 * 1024), faults);
      sides.awaitStreaming();

      sides.assertEqual("parent", "child");
      assertThat(faults.reached().stream().filter("relay.slot.created"::equals).count())
          .isEqualTo(2);
    }
  }
}
