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
  @CsvSource(
      delimiter = '|',
      value = {
        "regclass | the name of an object",
        "regrole[] | it holds \"pg_catalog\".\"regrole\": its text is the name of an object",
        "aclitem | names roles",
        "tsquery | leaves out parentheses",
        "int2vector | binary form of an empty one",
        "pg_node_tree | does not take it in as text",
        "public.cube | it belongs to extension cube",
        "public.other | it is the row type of a table",
        "public.others[] | it holds \"public\".\"other\": it is the row type of a table",
        "public.queries | it holds \"pg_catalog\".\"tsquery\"",
        "public.unchecked | its constraint c is not validated",
        "public.recent | its constraint recent_check is not immutable",
        "public.local | its constraint local_check is not immutable",
        "public.words | its bounds are ordered by a collation",
        "public.word_sets | its bounds are ordered by a collation",
        "public.patterns | its bounds are ordered by an operator class",
      })
  void shouldRefuseTypesThatItCannotCarry(String type, String reason) {
    try (TwoSides sides =
        new TwoSides(
            """
            create extension cube schema public;
            create table public.other (id int primary key);
            create domain public.others as public.other;
            create type public.queries as (q tsquery);
            create domain public.unchecked as int;
            alter domain public.unchecked add constraint c check (value > 0) not valid;
            create domain public.recent as date check (value > current_date - 7);
            create domain public.local as timestamptz check (value::text <> '2000-01-01 00:00:00+00');
            create type public.words as range (subtype = text, multirange_type_name = public.word_sets);
            create type public.patterns as range (subtype = text, collation = "C", subtype_opclass = text_pattern_ops);
            """,
            "create table public.t (id int primary key, odd " + type + ")")) {
      sides.request("t");
      sides.relay();

      StreamRow row = sides.awaitFailed();

      assertThat(row.failure().orElseThrow())
          .contains("column odd of table public.t has type ")
          .contains(reason);
      assertThat(row.advice().orElseThrow()).contains("leave the table out");
      assertThat(
              sides.shared.query(
                  "select slot_name from pg_replication_slots where database = current_database()"))
          .isEmpty();
    }
  }

  @Test
  void shouldNeverPublishATableWhoseUpdatesTheServerWouldThenRefuse() {
    try (TwoSides sides =
        new TwoSides(
            """
            create table public.t (id int primary key, n int, twice int generated always as (n * 2) stored);
            alter table public.t replica identity full;
            """)) {
      sides.shared.execute("insert into public.t values (1, 1)");
      sides.request("t");
      sides.relay();
      StreamRow row =
          sides.awaitRow(
              it -> it.state() == StreamState.FAILED || it.state() == StreamState.STREAMING);
      sides.shared.execute("update public.t set n = 2");

      if (Integer.parseInt(sides.shared.queryOne("show server_version_num")) >= 180_000) {
        assertThat(row.failure().orElseThrow()).contains("generated column twice");
        assertThat(row.advice().orElseThrow()).contains("replica identity default");
      } else {
        sides.awaitCaughtUp();
        sides.assertEqual("t");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"public.citext", "public.address", "public.ltree", "public.amount"})
  void shouldRefuseKeysOfTypesThatItCannotTellRowsApartBy(String type) {
    try (TwoSides sides =
        new TwoSides(
            "create extension citext schema public; create extension ltree schema public; create domain public.address as public.citext; create domain public.amount as numeric",
            "create table public.t (k " + type + " primary key, n int)")) {
      sides.request("t");
      sides.relay();

      assertThat(sides.awaitFailed().failure().orElseThrow())
          .contains("column k of table public.t tells rows apart, but has type " + type);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "alter table public.t alter v type varchar(20) | column v of table public.t is character varying(10) in the source and character varying(20) in the target",
        "alter table public.t alter p type numeric(10,3) | column p of table public.t is numeric(10,2) in the source and numeric(10,3) in the target",
        "alter type public.mood add value 'better' | column m of table public.t is \"public\".\"mood\" enum ('bad', 'good') in the source",
        "drop type public.pair cascade; create type public.pair as (x int, y bigint); alter table public.t add c public.pair | (x integer = \"pg_catalog\".\"int4\", y integer = \"pg_catalog\".\"int4\") in the source",
        "drop domain public.whole cascade; create domain public.whole as bigint; alter table public.t add d public.whole | domain over integer = \"pg_catalog\".\"int4\" in the source",
        "alter table public.t add extra int | has columns that the stream does not carry: [extra]",
        "alter table public.t drop column p | column p of table public.t in the target is missing",
        "alter table public.t drop constraint t_pkey | in the target has no unique index of exactly the columns [id]",
      })
  void shouldRefuseATargetOfAnotherShape(String change, String failure) {
    try (TwoSides sides =
        new TwoSides(
            "create type public.mood as enum ('bad', 'good'); create type public.pair as (x int, y int); create domain public.whole as int",
            "create table public.t (id int primary key, v varchar(10), p numeric(10,2), m public.mood, c public.pair, d public.whole)")) {
      sides.service.execute(change);
      sides.request("t");
      sides.relay();

      assertThat(sides.awaitFailed().failure().orElseThrow()).contains(failure);
    }
  }

  @Test
  void shouldKeepOtherStreamsGoingWhenOneFails() {
    try (TwoSides sides =
        new TwoSides(
            "create table public.t (id int primary key)",
            "create table public.bad (id int primary key, t regtype)")) {
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
          "create table public.users (id int primary key, name text, odd regclass[], secret text default 's'); insert into public.users values (1, 'a', '{pg_class}'), (2, 'b', null)");
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
          "update public.users set secret = 'other', odd = '{pg_type}' where id = 1; update public.users set name = 'B' where id = 2; insert into public.users values (3, 'c')");
      sides.streams.awaitPosition(
          reference, dev.ficus.postgres.Marker.write(sides.source), TwoSides.PATIENCE);

      assertThat(sides.rows(sides.service, "users")).containsExactly("(1,a)", "(2,B)", "(3,c)");
    }
  }
}
