package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.FicusException;
import dev.ficus.postgres.StreamState;
import dev.ficus.testkit.Rule;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A stream that DDL has stopped goes on once the target is altered alike, and not before. */
@Rule("R7")
class AcceptDdlTest {

  private static final String[] DDL = {
    "create type public.mood as enum ('bad', 'good')",
    "create table public.t (id int primary key, v varchar(10), p numeric(10,2), m public.mood)"
  };

  private TwoSides sides = new TwoSides(DDL);

  private void begin() {
    sides.shared.execute("insert into public.t values (1, 'a', 1.00, 'good')");
    sides.request("t");
    sides.relay();
    sides.awaitStreaming();
  }

  @AfterEach
  void dropSides() {
    sides.close();
  }

  private List<String> accept(boolean rewrittenAlike) {
    return SourceChanges.accept(sides.source, sides.target, TwoSides.FORWARD, rewrittenAlike);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "alter table public.t add extra int default 4 | insert into public.t (id, extra) values (2, 7)",
        "alter table public.t drop column p | insert into public.t (id, v) values (2, 'b')",
        "alter table public.t rename column v to w | insert into public.t (id, w) values (2, 'b')",
        "alter table public.t alter v type text | insert into public.t (id, v) values (2, 'longer than it could be before')",
        "alter type public.mood add value 'best' | insert into public.t (id, m) values (2, 'best')",
        "alter type public.mood rename value 'good' to 'fine' | insert into public.t (id, m) values (2, 'fine')",
      })
  void shouldGoOnAfterTheSameChangeInTheTarget(String ddl, String write) {
    begin();
    sides.shared.execute(ddl);
    sides.shared.execute(write);
    sides.awaitFailed();

    assertThat(accept(false)).singleElement().asString().contains("t");
    assertThat(sides.row().state()).isEqualTo(StreamState.FAILED);
    sides.service.execute(ddl);
    assertThat(accept(false)).isEmpty();
    sides.awaitCaughtUp();

    sides.assertEqual("t");
    assertThat(SourceChanges.list(sides.target, TwoSides.FORWARD)).isEmpty();
  }

  @Test
  void shouldWantAWordAboutRowsThatWereWrittenAnew() {
    begin();
    String ddl = "alter table public.t alter p type numeric(12,4) using p * 2";
    sides.shared.execute(ddl);
    sides.shared.execute("insert into public.t (id, p) values (2, 0.1234)");
    sides.awaitFailed();
    sides.service.execute(ddl);

    assertThat(accept(false)).singleElement().asString().contains("--rewritten-alike");
    assertThat(accept(true)).isEmpty();
    sides.awaitCaughtUp();

    sides.assertEqual("t");
  }

  @Test
  void shouldAcceptChangesOneAfterTheOther() {
    begin();
    sides.shared.execute("alter table public.t add a int");
    sides.shared.execute("insert into public.t (id, a) values (2, 1)");
    sides.shared.execute("alter table public.t drop column a, add b text default 'b'");
    sides.shared.execute("insert into public.t (id) values (3)");
    sides.awaitFailed();

    // As the source is now, which is not how the next rows are.
    sides.service.execute("alter table public.t add b text default 'b'");
    assertThat(accept(false)).isNotEmpty();
    sides.service.execute("alter table public.t drop column b, add a int");
    assertThat(accept(false)).isEmpty();
    assertThat(sides.awaitFailed().failure().orElseThrow())
        .contains("column a was dropped or renamed, column b (text) was added");
    assertThat(sides.service.query("select id || ' ' || a from public.t where id > 1"))
        .containsExactly("2 1");
    sides.service.execute("alter table public.t drop column a, add b text default 'b'");
    assertThat(accept(false)).isEmpty();
    sides.awaitCaughtUp();

    sides.assertEqual("t");
  }

  @Test
  void shouldAcceptNothingThatIsNotThere() {
    begin();

    assertThatThrownBy(() -> accept(false))
        .isInstanceOf(FicusException.class)
        .hasMessageContaining("does not stand still before DDL");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "drop table public.t; create table public.t (id int primary key, v varchar(10), p numeric(10,2), m public.mood) | the source sends nothing more of it",
        "begin; insert into public.t values (2); alter table public.t add x int; commit | which have the shape of before",
        "alter table public.t rename to u | the stream knows it by its old name",
      })
  void shouldRefuseWhatCannotBeAccepted(String ddl, String why) {
    begin();
    sides.shared.execute(ddl);
    sides.awaitFailed();

    assertThat(accept(true)).singleElement().asString().contains(why).contains("ficus recopy");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "alter table public.t add extra int | insert into public.t (id, extra) values (2, 1) | column extra (integer) was added",
        "alter table public.t drop column p | insert into public.t (id) values (2) | column p was dropped",
        "alter table public.t alter p type numeric(12,4) | insert into public.t (id, p) values (2, 0.1234) | column p is numeric(12,4) instead of numeric(10,2)",
        "alter table public.t alter v type text | insert into public.t (id, v) values (2, 'x') | column v is text",
        "alter publication ficus_orders_forward_1 drop table public.t | insert into public.t (id) values (2) | does not send all of the table",
        "alter table public.t add extra int | select 1 | column extra (integer) was added",
      })
  void shouldNoticeAndAcceptWithoutEventTriggers(String ddl, String write, String change) {
    sides.close();
    sides = TwoSides.ofPlainRole(DDL);
    begin();
    assertThat(sides.shared.query("select evtname from pg_event_trigger")).isEmpty();
    sides.shared.execute(ddl);
    sides.shared.execute(write);

    assertThat(sides.awaitFailed().failure().orElseThrow()).contains(change);
    assertThat(sides.service.query("select id from public.t")).containsExactly("1");
    if (!ddl.contains("publication")) {
      sides.service.execute(ddl);
      assertThat(accept(false)).isEmpty();
      sides.awaitCaughtUp();
      sides.assertEqual("t");
    }
  }
}
