package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.FaultPoints;
import dev.ficus.postgres.StreamRow;
import dev.ficus.testkit.Rule;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Columns that are added in the source reach the target in the order of commits. */
@Rule({"R3", "R7"})
class AdditiveDdlTest {

  private static final RelaySettings ADDITIVE =
      RelaySettings.DEFAULTS.withAdditive(Set.of(TwoSides.GROUP));

  private TwoSides sides;

  @BeforeEach
  void createSides() {
    sides =
        new TwoSides(
            "create type public.mood as enum ('bad', 'good')",
            "create table public.t (id int primary key, v text)");
    sides.shared.execute("insert into public.t values (1, 'a'), (2, 'b')");
    sides.request("t");
    sides.relay(ADDITIVE, FaultPoints.NONE);
    sides.awaitStreaming();
  }

  @AfterEach
  void dropSides() {
    sides.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "extra int",
        "extra numeric(10,2) default 1.50",
        "extra bigint not null default 0",
        "extra varchar(20) default 'it''s'",
        "extra timestamptz default '2020-01-01 12:00:00+02'",
        "extra int[] default '{1,2}'",
        "extra text[] default array['a,b', 'c\"d']",
        "extra jsonb default '{\"a\": 1}'",
        "extra bytea default '\\x00ff'",
        "\"Odd \"\"name\" int default 7",
      })
  void shouldCarryColumnsOn(String column) {
    sides.shared.execute(
        """
        begin;
        insert into public.t values (3, 'before it');
        update public.t set v = 'changed' where id = 1;
        alter table public.t add %s;
        insert into public.t (id, v) values (4, 'after it');
        commit;
        update public.t set v = 'later' where id = 2;
        insert into public.t (id) values (5);
        """
            .formatted(column));
    sides.awaitCaughtUp();

    sides.assertEqual("t");
    assertThat(sides.row().tables().get(0).columns()).hasSize(3);
  }

  @Test
  void shouldNeverShowTheColumnWithoutWhatCameWithIt() {
    sides.shared.execute(
        "begin; alter table public.t add extra int; insert into public.t select i, 'x', i from generate_series(10, 5000) i; commit");
    // Each look of its own sees all of that transaction or nothing.
    String count;
    do {
      count =
          sides.service.queryOne(
              "select (select count(*) from public.t where id >= 10) || ' ' || exists (select from pg_attribute where attrelid = 'public.t'::regclass and attname = 'extra')");
      assertThat(count).isIn("0 false", "4991 true");
      assertThat(sides.row().failure()).isEmpty();
    } while (count.startsWith("0 "));
    sides.awaitCaughtUp();
    sides.assertEqual("t");
  }

  @Test
  void shouldTakeSeveralChangesInTheirOrder() {
    sides.shared.execute(
        """
        alter table public.t add a int default 1;
        insert into public.t (id) values (10);
        alter table public.t alter a set default 2;
        insert into public.t (id) values (11);
        begin; alter table public.t add b text; update public.t set b = 'x' where id = 10; alter table public.t add c int default 3; commit;
        insert into public.t (id) values (12);
        """);
    sides.awaitCaughtUp();

    sides.assertEqual("t");
  }

  @Test
  void shouldTakeAColumnThatTheTargetHasAlready() {
    sides.service.execute("alter table public.t add extra int default 5");
    sides.shared.execute("alter table public.t add extra int default 5");
    sides.shared.execute("insert into public.t (id) values (3)");
    sides.awaitCaughtUp();

    sides.assertEqual("t");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "alter table public.t add u uuid default gen_random_uuid() | ALTER TABLE wrote its rows anew",
        "alter table public.t add u bigserial | ALTER TABLE wrote its rows anew",
        "alter table public.t add at timestamptz default now() | column at (timestamp with time zone) was added",
        "alter table public.t add m public.mood | column m (public.mood) was added",
        "alter table public.t add c text collate \"C\" | column c (text) was added",
        "alter table public.t add o regclass | column o (regclass) was added",
        "alter table public.t add x int, drop column v | column v was dropped or renamed, column x (integer) was added",
        "alter table public.t rename column v to w | column v was dropped or renamed, column w (text) was added",
      })
  void shouldStopBeforeWhatIsNotExact(String ddl, String change) {
    sides.shared.execute(ddl);

    assertThat(sides.awaitFailed().failure().orElseThrow()).contains(change);
    assertThat(
            sides.service.query(
                "select attname from pg_attribute where attrelid = 'public.t'::regclass and attnum > 0"))
        .containsExactly("id", "v");
  }

  @ParameterizedTest
  @ValueSource(strings = {"extra int default 6", "extra text default '5'"})
  void shouldStopBeforeAColumnThatTheTargetHasOtherwise(String column) {
    sides.service.execute("alter table public.t add " + column);
    sides.shared.execute("alter table public.t add extra int default 5");

    StreamRow row = sides.awaitFailed();

    assertThat(row.failure().orElseThrow())
        .contains("the target has one of another type, or with another value");
    assertThat(row.tables().get(0).columns()).containsExactly("id", "v");
  }

  @Test
  void shouldGoOnWithWhatItCarriesAfterARestart() {
    sides.shared.execute("alter table public.t add extra int default 5");
    sides.shared.execute("insert into public.t (id) values (3)");
    sides.awaitCaughtUp();
    sides.stopRelays();

    sides.shared.execute("insert into public.t (id) values (4)");
    sides.shared.execute("alter table public.t add more int default 6");
    sides.shared.execute("insert into public.t (id) values (5)");
    sides.relay(ADDITIVE, FaultPoints.NONE);
    sides.awaitCaughtUp();

    sides.assertEqual("t");
  }
}
