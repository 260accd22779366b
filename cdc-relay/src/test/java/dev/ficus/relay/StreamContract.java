package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.testkit.Rule;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@Rule({"R2", "R3"})
abstract class StreamContract {

  TwoSides sides;

  /** Two sides whose stream travels the subclass's way. */
  abstract TwoSides travelling(TwoSides sides);

  @BeforeEach
  void createSides() {
    sides =
        travelling(
            new TwoSides(
                "create table public.item (id bigint generated always as identity primary key, code text unique, note text default 'none', price numeric)",
                "create table public.line (item bigint, n int, note text, primary key (n, item))"));
  }

  @AfterEach
  void dropSides() {
    sides.close();
  }

  @Test
  void shouldCopyWhatIsThereAndStreamWhatComes() {
    sides.shared.execute(
        "insert into public.item (code, note, price) select 'c' || i, repeat('é', i % 50), i * 1.10 from generate_series(1, 5000) i");
    sides.request("item", "line");
    sides.relay();
    sides.awaitStreaming();
    sides.assertEqual("item", "line");
    assertThat(sides.row().rowsCopied()).isEqualTo(5000);

    sides.shared.execute(
        """
        insert into public.item (code, note, price) values ('a', null, 1.10), ('b', default, null), (E'"\\\\\\n😀', '__debezium_unavailable_value', 'NaN');
        update public.item set note = 'changed' where id % 10 = 0;
        delete from public.item where id % 7 = 0;
        insert into public.line select 1, i, null from generate_series(1, 100) i;
        update public.line set n = n + 1000 where n > 50;
        """);
    sides.awaitCaughtUp();

    sides.assertEqual("item", "line");
    assertThat(sides.row().changes()).isGreaterThan(1000);
  }

  @Test
  void shouldKeepUnchangedLargeValuesAndTheTextOfTheirPlaceholder() {
    sides.shared.execute(
        """
        insert into public.item (code, note, price)
          select 'c' || i, (select string_agg(md5((i * 1000 + j)::text), '') from generate_series(1, 400) j), i from generate_series(1, 20) i;
        """);
    sides.request("item", "line");
    sides.relay();
    sides.awaitStreaming();

    sides.shared.execute("update public.item set price = price + 0.5");
    sides.shared.execute(
        "update public.item set price = price + 1; update public.item set note = 'x' where id = 3; update public.item set code = 'z' where id = 3");
    sides.shared.execute(
        "begin; update public.item set code = 'renamed' where id = 4; update public.item set price = 0 where id = 4; commit");
    sides.shared.execute(
        "update public.item set note = '__debezium_unavailable_value' where id % 5 = 0; update public.item set price = 0 where id % 5 = 0");
    sides.awaitCaughtUp();

    sides.assertEqual("item", "line");
    assertThat(sides.rows(sides.service, "item").toString())
        .contains("__debezium_unavailable_value");
  }

  @Test
  void shouldExchangeUniqueValues() {
    sides.shared.execute("insert into public.item (code) values ('a'), ('b'), ('c')");
    sides.request("item", "line");
    sides.relay();
    sides.awaitStreaming();

    sides.shared.execute(
        "begin; update public.item set code = 'tmp' where id = 1; update public.item set code = 'a' where id = 2; update public.item set code = 'b' where id = 1; commit");
    sides.awaitCaughtUp();

    sides.assertEqual("item");
  }

  @Test
  void shouldApplyTruncate() {
    sides.shared.execute("insert into public.item (code) values ('a'), ('b'), ('c')");
    sides.request("item", "line");
    sides.relay();
    sides.awaitStreaming();

    sides.shared.execute(
        "begin; insert into public.item (code) values ('d'); truncate public.item, public.line; insert into public.item (code) values ('e'); commit");
    sides.awaitCaughtUp();

    sides.assertEqual("item", "line");
    assertThat(sides.rows(sides.service, "item")).hasSize(1);
  }
}
