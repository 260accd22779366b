package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.FaultPoints;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.Rule;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Source transactions larger than a relay holds. */
@Rule("R3")
class LargeTransactionTest {

  private static final RelaySettings HOLD_LITTLE =
      new RelaySettings(
          Duration.ofMillis(50),
          Duration.ofMillis(1),
          Duration.ofSeconds(1),
          Duration.ofMillis(50),
          Duration.ofSeconds(1),
          40,
          50,
          1 << 20);

  /** Swaps unique values, moves keys, rewrites rows, leaves large values alone, empties a table. */
  private static final String LARGE =
      """
      begin;
      insert into public.item select i, 'n' || i, 'new', 0 from generate_series(1001, 1400) i;
      update public.item set code = 'x' || code where id <= 300;
      update public.item set code = 'c' || (301 - id) where id <= 300;
      update public.item set id = -id, n = n + 1 where id between 100 and 200;
      update public.item set n = n + 1;
      delete from public.item where id %% 7 = 0;
      insert into public.line select i, i from generate_series(1, 120) i;
      truncate public.line;
      insert into public.line select i, -i from generate_series(1, 120) i;
      update public.item set n = n + %d where id < 0;
      commit
      """;

  private TwoSides sides;

  @BeforeEach
  void followTwoTables() {
    sides =
        new TwoSides(
            "create table public.item (id bigint primary key, code text unique, note text, n int)",
            "create table public.line (id int primary key, n int)");
    sides.shared.execute(
        """
        insert into public.item
          select i, 'c' || i, (select string_agg(md5((i * 1000 + j)::text), '') from generate_series(1, 200) j), 0
          from generate_series(1, 400) i;
        insert into public.line values (0, 0);
        """);
    sides.request("item", "line");
    try (Relay relay = sides.relay()) {
      sides.awaitStreaming();
      sides.awaitCaughtUp();
      assertThat(relay).isNotNull();
    }
  }

  @AfterEach
  void dropSides() {
    sides.close();
  }

  @Test
  void shouldShowALargeTransactionWholeOrNotAtAll() {
    List<String> seen = new CopyOnWriteArrayList<>();
    FaultPoints look =
        point -> {
          if (point.equals("relay.apply.piece-written")) {
            seen.add(
                sides.service.queryOne(
                    "select count(*) filter (where n <> 0) || ' ' || (select count(*) from public.line) from public.item"));
          }
        };
    sides.relay(HOLD_LITTLE, look);
    sides.shared.execute(LARGE.formatted(1));
    sides.awaitCaughtUp();

    sides.assertEqual("item", "line");
    assertThat(seen).hasSizeGreaterThan(30).containsOnly("0 1");
    assertThat(sides.row().changes()).isGreaterThan(2000);
  }

  @Test
  void shouldApplyWhatComesBeforeBetweenAndAfterLargeTransactionsInOrder() {
    sides.relay(HOLD_LITTLE, FaultPoints.NONE);
    sides.shared.execute("update public.item set n = 5 where id < 20");
    sides.shared.execute(LARGE.formatted(2));
    sides.shared.execute("update public.item set n = n * 2, note = 'between' where id > 350");
    sides.shared.execute("update public.item set n = n * 3; update public.line set n = n * 3");
    sides.shared.execute("delete from public.item where id % 5 = 0");
    sides.awaitCaughtUp();

    sides.assertEqual("item", "line");
  }

  @Test
  void shouldBeginALargeTransactionAnewWhenItsConnectionBreaks() {
    FaultScript faults =
        new FaultScript()
            .run("relay.apply.piece-written", 1, sides::breakConnections)
            .run("relay.apply.piece-written", 20, sides::breakConnections)
            .run("relay.apply.before-commit", 2, sides::breakConnections)
            .run("relay.apply.after-commit", 2, sides::breakConnections);
    sides.relay(HOLD_LITTLE, faults);
    sides.shared.execute("update public.item set n = 5 where id < 20");
    sides.shared.execute(LARGE.formatted(3));
    sides.shared.execute("update public.item set n = n + 1 where id < 50");
    sides.awaitCaughtUp();

    sides.assertEqual("item", "line");
    assertThat(faults.reached())
        .filteredOn("relay.apply.after-commit"::equals)
        .hasSizeGreaterThan(2);
  }

  @Test
  @Rule("R10")
  void shouldWriteALargeTransactionThroughItsGuards() throws Exception {
    DualWrites service = new DualWrites(sides.shared, sides.service);
    try (Relay relay = sides.relay()) {
      sides.awaitStreaming();
      sides.streams.guard(TwoSides.FORWARD, true);
      service.open();
      sides.awaitCaughtUp();
      assertThat(relay).isNotNull();
    }
    sides.shared.execute("update public.item set n = n + 1");
    var newer = service.commit("update public.item set note = 'newer' where id = 3", 3);
    assertThat(service.write(newer)).isOne();
    List<String> seen = new CopyOnWriteArrayList<>();

    sides.relay(
        HOLD_LITTLE,
        point -> {
          if (point.startsWith("relay.apply.")) {
            seen.add(sides.service.queryOne("select note from public.item where id = 3"));
          }
        });
    sides.awaitCaughtUp();

    sides.assertEqual("item", "line");
    assertThat(seen).hasSizeGreaterThan(5).containsOnly("newer");
  }

  @Test
  void shouldStopBetweenTwoPieces() {
    CompletableFuture<Void> stopped = new CompletableFuture<>();
    FaultScript faults =
        new FaultScript()
            .run(
                "relay.apply.piece-written",
                3,
                () -> {
                  // The stop waits for the transaction that holds the stream's row.
                  CompletableFuture.runAsync(() -> sides.streams.stop(TwoSides.FORWARD))
                      .whenComplete((none, error) -> stopped.complete(null));
                  sides.breakConnections();
                });
    sides.relay(HOLD_LITTLE, faults);
    sides.shared.execute(LARGE.formatted(4));
    stopped.join();

    assertThat(sides.service.queryOne("select count(*) from public.item where n <> 0"))
        .isEqualTo("0");
  }
}
