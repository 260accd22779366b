package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.testkit.Rule;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** DDL in the source is noticed in the order of commits, and stops the stream before it. */
@Rule("R7")
class DdlTest {

  private static final String[] DDL = {
    "create type public.mood as enum ('bad', 'good')",
    "create table public.t (id int primary key, v varchar(10), p numeric(10,2), m public.mood)",
    "create table public.other (id int primary key, note text)"
  };

  private TwoSides sides;

  @BeforeEach
  void createSides() {
    sides = new TwoSides(DDL);
    sides.shared.execute("insert into public.t values (1, 'a', 1.00, 'good')");
    sides.request("t", "other");
    sides.relay();
    sides.awaitStreaming();
  }

  @AfterEach
  void dropSides() {
    sides.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "alter table public.t add extra int | column extra (integer) was added",
        "alter table public.t drop column p | column p was dropped or renamed",
        "alter table public.t rename column p to q | column p was dropped or renamed, column q (numeric(10,2)) was added",
        "alter table public.t alter p type numeric(12,4) | column p is numeric(12,4) instead of numeric(10,2)",
        "alter table public.t alter v type text | column v is text instead of character varying(10)",
        "alter table public.t alter p type numeric(10,2) using p * 2 | ALTER TABLE wrote its rows anew",
        "alter table public.t add u uuid default gen_random_uuid(); alter table public.t alter u drop default | ALTER TABLE wrote its rows anew",
        "alter type public.mood rename value 'bad' to 'worse' | ALTER TYPE changed a type of its columns",
        "alter type public.mood add value 'best' | ALTER TYPE changed a type of its columns",
        "alter table public.t drop constraint t_pkey, add primary key (id, v) | its rows are told apart by [id, v] instead of [id]",
        "alter table public.t rename to u | the table is called public.u now",
        "drop table public.t | DROP TABLE took the table out of publication",
        "drop table public.t; create table public.t (id int primary key, v varchar(10), p numeric(10,2), m public.mood) | DROP TABLE took the table out of publication",
        "alter publication ficus_orders_forward_1 drop table public.t | ALTER PUBLICATION took the table out",
        "alter schema public rename to store | the table is called store.t now",
      })
  void shouldStopBeforeAChangeThatNoRowShows(String ddl, String change) {
    sides.shared.execute("insert into public.other values (1, 'before')");
    sides.shared.execute(ddl);

    StreamRow row = sides.awaitFailed();

    assertThat(row.failure().orElseThrow())
        .contains("table public.t was altered in the source at ")
        .contains(change);
    assertThat(sides.service.query("select note from public.other")).containsExactly("before");
  }

  @Test
  void shouldStandRightBeforeTheTransactionThatAltered() {
    sides.shared.execute(
        """
        insert into public.t values (2, 'b', 2.00, 'bad');
        insert into public.other values (1, 'before');
        """);
    sides.shared.execute(
        """
        begin;
        insert into public.other values (2, 'with it');
        alter table public.t alter p type numeric(12,4), add extra int;
        alter table public.t add more int;
        insert into public.t values (3, 'c', 0.1234, 'bad', 1, 1);
        commit;
        insert into public.other values (3, 'after');
        """);

    StreamRow row = sides.awaitFailed();

    assertThat(row.failure().orElseThrow())
        .contains("column p is numeric(12,4) instead of numeric(10,2)")
        .contains("column more (integer) was added");
    assertThat(row.advice().orElseThrow()).contains("ficus ddl accept orders");
    assertThat(sides.service.query("select id from public.t order by 1")).containsExactly("1", "2");
    assertThat(sides.service.query("select note from public.other")).containsExactly("before");
  }

  @Test
  void shouldRefuseATransactionThatWroteBeforeItAltered() {
    sides.shared.execute(
        """
        begin;
        insert into public.t values (2, 'b', 2.00, 'bad');
        alter table public.t drop column p;
        commit;
        """);

    StreamRow row = sides.awaitFailed();

    assertThat(row.failure().orElseThrow())
        .contains("column p was dropped or renamed (the transaction that did this wrote rows");
    assertThat(row.advice().orElseThrow()).contains("ficus recopy orders public.t");
  }

  @Test
  void shouldGoOnAtDdlThatChangesNoCarriedRow() {
    sides.shared.execute(
        """
        create index on public.t (v);
        alter table public.t alter v set default 'd', add check (id > 0), alter v set not null;
        alter table public.t replica identity full;
        comment on table public.t is 'x';
        create table public.unrelated (id int primary key);
        alter table public.unrelated add x int;
        drop table public.unrelated;
        truncate public.other;
        analyze public.t;
        insert into public.t (id, m) values (2, 'bad');
        """);
    sides.awaitCaughtUp();

    sides.assertEqual("t", "other");
  }

  @Test
  void shouldNotBelieveANoticeThatAnybodyWrote() {
    String notice = sides.shared.queryOne("select ficus.describe_table('public.t'::regclass)");
    String forged =
        notice
            .replace("\"oid\": 1043", "\"oid\": 25")
            .replaceFirst(
                "\\{", "{\"key\": \"x\", \"event\": \"alter\", \"command\": \"ALTER TABLE\", ");
    sides.shared.execute("select pg_logical_emit_message(true, 'ficus.ddl', $x$" + forged + "$x$)");
    sides.shared.execute("select pg_logical_emit_message(true, 'ficus.ddl', 'nonsense')");
    sides.shared.execute("insert into public.t values (2, 'b', 2.00, 'bad')");
    sides.awaitCaughtUp();

    sides.assertEqual("t");
  }

  @Test
  void shouldLeaveNoEventTriggerBehind() {
    assertThat(sides.shared.query("select evtname from pg_event_trigger order by 1"))
        .containsExactly("ficus_ddl_drop", "ficus_ddl_end", "ficus_ddl_rewrite");
    StreamRow row = sides.row();
    sides.streams.stop(TwoSides.FORWARD);
    sides.awaitRow(it -> it.state() == StreamState.STOPPED);

    new dev.ficus.postgres.Slots(sides.source).drop(row.slot(), TwoSides.PATIENCE);

    assertThat(sides.shared.query("select evtname from pg_event_trigger")).isEmpty();
  }

  @Test
  void shouldNeverMakeTheApplicationsDdlFail() {
    sides.awaitCaughtUp();
    sides.shared.execute("alter table ficus.ddl_key rename to gone");

    sides.shared.execute("alter table public.other add extra int");

    assertThat(
            sides.shared.queryOne(
                "select count(*) from pg_attribute where attrelid = 'public.other'::regclass and attname = 'extra'"))
        .isEqualTo("1");
    // The notice is missing; the catalog tells.
    assertThat(sides.awaitFailed().failure().orElseThrow())
        .contains("column extra (integer) was added");
  }
}
