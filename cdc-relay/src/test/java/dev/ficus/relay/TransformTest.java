package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.TableName;
import dev.ficus.core.manifest.Transform;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TypeCases;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Copy and stream through a mapping; expectations are written out, not made by the mapping. */
@Rule({"R3", "R7"})
class TransformTest {

  private static final TableName ORDERS = new TableName("public", "orders");

  private static final Transform EVERYTHING =
      Transformed.of(
          Map.of("usr", "customer_id", "no", "number"),
          List.of("legacy_flag", "secret"),
          Map.of("price", "numeric(10,1)", "code", "integer"),
          Map.of("region", new Transform.Constant("text", "eu? \"north\" %")),
          Map.of(
              "label",
              new Transform.Expression("text", "upper(status) || ':' || coalesce(note, '-')"),
              "cents",
              new Transform.Expression("bigint", "price * 100")),
          Optional.of("status <> 'void'"));

  /** What the service is to hold, put down by hand. */
  private static final String EXPECTED =
      """
      select concat_ws('|', no, usr, at, status, note, round(price, 1), code::int, 'eu? "north" %',
        upper(status) || ':' || coalesce(note, '-'), (price * 100)::bigint)
      from public.orders where status <> 'void' order by no
      """;

  private static final String ACTUAL =
      """
      select concat_ws('|', number, customer_id, at, status, note, price, code, region, label, cents) from public.orders order by number
      """;

  private TwoSides sides;

  @BeforeEach
  void create() {
    sides = new TwoSides();
    Transformed.create(
        sides,
        """
        create table public.orders (no bigint generated always as identity primary key, usr int not null, legacy_flag boolean,
          secret oid, at timestamptz, status text collate "C" not null, note text, price numeric, code text);
        alter table public.orders replica identity full
        """,
        ORDERS,
        EVERYTHING);
    TypeCases.makeSettingsUnusual(sides.service);
  }

  @AfterEach
  void drop() {
    sides.close();
  }

  private void insert(int count) {
    sides.shared.execute(
        """
        insert into public.orders (usr, legacy_flag, secret, at, status, note, price, code)
        select i, true, 1, '2024-03-31 01:30Z'::timestamptz + i * interval '1 hour', (array['paid', 'void', 'placed'])[1 + i %% 3],
          case when i %% 4 = 0 then null else repeat('n', i %% 50) end, i * 1.25, (i * 7)::text
        from generate_series(1, %d) i
        """
            .formatted(count));
  }

  private void start() {
    Transformed.request(sides, ORDERS, EVERYTHING);
    sides.relay();
    sides.awaitStreaming();
  }

  private void assertMapped() {
    assertThat(sides.service.query(ACTUAL)).isEqualTo(sides.shared.query(EXPECTED)).isNotEmpty();
  }

  @Test
  void shouldCopyAndStreamWhatTheTransformMakes() {
    insert(3000);
    start();
    assertMapped();
    assertThat(sides.row().rowsCopied()).isEqualTo(2000);

    insert(300);
    sides.shared.execute(
        """
        update public.orders set note = 'changed' where no % 10 = 0;
        update public.orders set status = 'void' where no % 11 = 0;
        update public.orders set status = 'back', price = price + 0.07 where no % 13 = 0;
        delete from public.orders where no % 7 = 0;
        update public.orders set no = default where no between 100 and 200;
        begin;
        update public.orders set status = 'void' where usr = 5;
        update public.orders set status = 'placed', code = '77' where usr = 5;
        update public.orders set status = 'placed' where usr = 7;
        update public.orders set status = 'void' where usr = 7;
        commit;
        """);
    sides.awaitCaughtUp();
    assertMapped();

    sides.shared.execute("truncate public.orders");
    insert(10);
    sides.awaitCaughtUp();
    assertMapped();
    assertThat(sides.service.query(ACTUAL)).hasSize(6);
  }

  @Test
  void shouldStreamLargeValuesThatAnUpdateLeftAsTheyWereIntoAnExpressionAndThroughTheFilter() {
    sides.shared.execute(
        """
        insert into public.orders (usr, status, note, price, code)
        select i, 'void', (select string_agg(md5((i * 1000 + j)::text), '') from generate_series(1, 400) j), i, '1'
        from generate_series(1, 5) i
        """);
    start();
    assertThat(sides.service.query(ACTUAL)).isEmpty();

    sides.shared.execute("update public.orders set status = 'placed'");
    sides.shared.execute("update public.orders set usr = usr + 1");
    sides.awaitCaughtUp();

    assertMapped();
    assertThat(sides.service.queryOne("select min(length(label)) from public.orders"))
        .isEqualTo("12807");
  }

  @Test
  void shouldStopWhenTheReplicaIdentityIsNoLongerFull() {
    start();
    insert(1);
    sides.awaitCaughtUp();
    sides.shared.execute("alter table public.orders replica identity default");
    sides.shared.execute(
        """
        insert into public.orders (usr, status, note) values (1, 'paid', (select string_agg(md5(j::text), '') from generate_series(1, 400) j));
        update public.orders set usr = 2
        """);

    assertThat(sides.awaitFailed().failure().orElseThrow())
        .contains(
            "came without column note, which its transform needs: the table's replica identity is no longer full");
    assertThat(sides.service.query("select * from public.orders where customer_id = 2")).isEmpty();
  }

  @Test
  @Rule({"R20", "R21"})
  void shouldNameTableColumnAndPlaceButNoValueWhenARowCannotBeMade() {
    start();
    insert(20);
    sides.shared.execute(
        "insert into public.orders (usr, status, code) values (1, 'paid', 'topsecret')");

    assertThat(sides.awaitFailed().failure().orElseThrow())
        .contains(
            "column code of table public.orders cannot be made of the row that the source changed at ")
        .contains("22P02")
        .doesNotContain("topsecret");
  }

  @Test
  @Rule({"R20", "R21"})
  void shouldNameTheTableButNoValueWhenARowCannotBeCopied() {
    sides.shared.execute(
        "insert into public.orders (usr, status, code) values (1, 'paid', 'topsecret')");
    Transformed.request(sides, ORDERS, EVERYTHING);
    sides.relay();

    assertThat(sides.awaitFailed().failure().orElseThrow())
        .contains("a row of table public.orders")
        .contains("22P02")
        .doesNotContain("topsecret");
  }

  @Test
  void shouldNotEvaluateWhatTheFilterKeepsOut() {
    sides.shared.execute(
        "insert into public.orders (usr, status, code) values (1, 'void', 'no number')");
    start();
    sides.shared.execute(
        "insert into public.orders (usr, status, code) values (2, 'void', 'none either')");
    insert(5);
    sides.awaitCaughtUp();

    assertMapped();
  }

  @Test
  void shouldStopWhenTheTargetIsNotWhatTheTransformMakes() {
    sides.service.execute("alter table public.orders alter column cents type numeric");
    Transformed.request(sides, ORDERS, EVERYTHING);
    sides.relay();

    assertThat(sides.awaitFailed().failure().orElseThrow())
        .contains(
            "column cents of table public.orders is numeric in the target, where the transform makes bigint");
  }

  @Test
  void shouldStopAtANewColumnOfTheSource() {
    start();
    insert(1);
    sides.awaitCaughtUp();
    sides.shared.execute("alter table public.orders add column more text");
    insert(1);

    assertThat(sides.awaitFailed().failure().orElseThrow())
        .contains("table public.orders was altered in the source");
  }

  @Test
  @Rule("R10")
  void shouldWriteThroughGuards() throws SQLException {
    insert(10);
    start();
    sides.streams.guard(TwoSides.FORWARD, true);
    insert(10);
    sides.shared.execute("update public.orders set status = 'void' where no = 3");
    sides.shared.execute(
        "begin; truncate public.orders; insert into public.orders (usr, status, code) values (9, 'paid', '9'); commit");
    sides.awaitCaughtUp();

    assertMapped();
    assertThat(sides.service.query("select * from ficus.guard")).isEmpty();
    assertThat(sides.service.query(ACTUAL)).hasSize(1);
  }

  @Test
  void shouldKeepTheTypesApartThatTheServiceDoesNotHave() {
    TestDatabase service = sides.service;
    assertThat(
            service.query(
                "select attname from pg_attribute where attrelid = 'public.orders'::regclass and attnum > 0 and not attisdropped order by 1"))
        .containsExactly(
            "at",
            "cents",
            "code",
            "customer_id",
            "label",
            "note",
            "number",
            "price",
            "region",
            "status");
    assertThat(
            service.queryOne(
                "select relreplident from pg_class where oid = 'public.orders'::regclass"))
        .isEqualTo("f");
  }
}
