package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.postgres.StreamTable;
import dev.ficus.testkit.Rule;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What cannot be carried exactly stops the stream by name, and no other stream with it. */
@Rule("R7")
class RefusalTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "text[]",
        "interval",
        "money",
        "timetz",
        "point",
        "bit(3)",
        "tsvector",
        "oid",
        "public.positive"
      })
  void shouldRefuseTypesThatItCannotCarry(String type) {
    try (TwoSides sides =
        new TwoSides(
            "create domain public.positive as int check (value > 0)",
            "create table public.t (id int primary key, odd " + type + ")")) {
      sides.request("t");
      sides.relay();

      StreamRow row = sides.awaitFailed();

      assertThat(row.failure().orElseThrow())
          .contains(
              "column odd of table public.t has type "
                  + type.replace("timetz", "time with time zone"));
      assertThat(row.advice().orElseThrow()).contains("leave the table out");
      assertThat(
              sides.shared.query(
                  "select slot_name from pg_replication_slots where database = current_database()"))
          .isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "alter table public.t alter v type varchar(20) | column v of table public.t is character varying(10) in the source and character varying(20) in the target",
        "alter table public.t alter p type numeric(10,3) | column p of table public.t is numeric(10,2) in the source and numeric(10,3) in the target",
        "alter type public.mood add value 'better' | column m of table public.t is public.mood with labels bad,good in the source",
        "alter table public.t add extra int | has columns that the stream does not carry: [extra]",
        "alter table public.t drop column p | column p of table public.t in the target is missing",
        "alter table public.t drop constraint t_pkey | in the target has primary key []",
      })
  void shouldRefuseATargetOfAnotherShape(String change, String failure) {
    try (TwoSides sides =
        new TwoSides(
            "create type public.mood as enum ('bad', 'good')",
            "create table public.t (id int primary key, v varchar(10), p numeric(10,2), m public.mood)")) {
      sides.service.execute(change);
      sides.request("t");
      sides.relay();

      assertThat(sides.awaitFailed().failure().orElseThrow()).contains(failure);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "alter table public.t add extra int | insert into public.t (id, extra) values (2, 1) | extra",
        "alter table public.t drop column p | insert into public.t (id) values (2) | columns",
        "alter table public.t alter p type numeric(12,4) | insert into public.t (id, p) values (2, 0.1234) | numeric(12,4) in the source",
        "alter table public.t alter v type text | insert into public.t (id, v) values (2, 'x') | text in the source",
      })
  void shouldStopAtDdlInTheSource(String ddl, String write, String named) {
    try (TwoSides sides =
        new TwoSides(
            "create table public.t (id int primary key, v varchar(10), p numeric(10,2))")) {
      sides.request("t");
      sides.relay();
      sides.awaitStreaming();
      sides.shared.execute("insert into public.t values (1, 'a', 1.00)");
      sides.awaitCaughtUp();

      sides.shared.execute(ddl);
      sides.shared.execute(write);

      StreamRow row = sides.awaitFailed();
      assertThat(row.failure().orElseThrow()).contains("public.t").contains(named);
      assertThat(row.advice().orElseThrow()).contains("new copy");
      assertThat(sides.service.query("select id from public.t")).containsExactly("1");
    }
  }

  @Test
  void shouldNotStopAtDdlThatChangesNoShape() {
    try (TwoSides sides =
        new TwoSides("create table public.t (id int primary key, v varchar(10))")) {
      sides.request("t");
      sides.relay();
      sides.awaitStreaming();
      sides.shared.execute("insert into public.t values (1, 'a')");
      sides.awaitCaughtUp();

      sides.shared.execute(
          "create index on public.t (v); alter table public.t alter v set default 'd'; analyze public.t");
      sides.shared.execute("insert into public.t (id) values (2)");
      sides.awaitCaughtUp();

      sides.assertEqual("t");
    }
  }

  @Test
  void shouldKeepOtherStreamsGoingWhenOneFails() {
    try (TwoSides sides =
        new TwoSides(
            "create table public.t (id int primary key)",
            "create table public.bad (id int primary key, t text[])")) {
      StreamName bad = new StreamName("bad.forward");
      sides.streams.requestCopy(
          bad,
          TwoSides.GROUP,
          Direction.FORWARD,
          Database.SHARED,
          Epoch.FIRST,
          sides.tables("bad"));
      sides.request("t");
      sides.relay();
      sides.awaitStreaming();
      sides.shared.execute("insert into public.t values (1)");
      sides.awaitCaughtUp();

      sides.assertEqual("t");
      assertThat(sides.streams.find(bad).orElseThrow().state()).isEqualTo(StreamState.FAILED);
    }
  }

  @Test
  void shouldCarryOnlyTheListedColumnsOfAReferenceCopy() {
    try (TwoSides sides = new TwoSides()) {
      sides.shared.execute(
          "create table public.users (id int primary key, name text, odd text[], secret text default 's'); insert into public.users values (1, 'a', '{x}'), (2, 'b', null)");
      sides.service.execute(
          "create table public.users (id int primary key, name text); insert into public.users values (7, 'stale')");
      TableName users = new TableName("public", "users");
      StreamName reference = new StreamName("users.reference.orders");
      sides.streams.requestCopy(
          reference,
          TwoSides.GROUP,
          Direction.REFERENCE,
          Database.SHARED,
          Epoch.FIRST,
          List.of(new StreamTable(users, users, List.of("id", "name"), List.of("id"))));
      sides.relay();
      sides.streams.awaitStreaming(reference, TwoSides.PATIENCE);

      sides.shared.execute(
          "update public.users set secret = 'other', odd = '{y}' where id = 1; update public.users set name = 'B' where id = 2; insert into public.users values (3, 'c')");
      sides.streams.awaitPosition(
          reference, dev.ficus.postgres.Marker.write(sides.source), TwoSides.PATIENCE);

      assertThat(sides.rows(sides.service, "users")).containsExactly("(1,a)", "(2,B)", "(3,c)");
    }
  }
}
