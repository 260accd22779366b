package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.postgres.TableCopies;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestKafka;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A copy whose process or snapshot dies keeps the tables that it had finished. */
@Rule({"R2", "R3"})
class UnfinishedCopyTest {

  /** One worker: tables are finished one after another. */
  private static final RelaySettings SETTINGS = RelaySettings.DEFAULTS.withCopy(1, 64 * 1024);

  private static final String FINISHED = "relay.copy.finish-after-commit";

  private final TwoSides sides = new TwoSides(Traffic.DDL);

  @BeforeEach
  void fill() {
    new Traffic(sides.shared, sides.service).fill(3000);
  }

  @AfterEach
  void dropSides() {
    sides.close();
  }

  /** So slow that tables are finished one by one. */
  private static FaultScript slowly() {
    FaultScript faults = new FaultScript();
    for (int nth = 1; nth < 100; nth++) {
      faults.slow("relay.copy.chunk-before-commit", nth, Duration.ofMillis(80));
    }
    return faults;
  }

  /** Breaks the relay's connections there, as its death would, after something else. */
  private FaultScript dieAt(String point, int nth, Runnable before) {
    return slowly()
        .run(
            point,
            nth,
            () -> {
              before.run();
              sides.endRelayConnections();
            });
  }

  /** The tables that wait to be copied. */
  private Set<String> pending() {
    return new TreeSet<>(sides.service.query("select source_table from ficus.table_copy"));
  }

  private String file(String table) {
    return sides.service.queryOne("select pg_relation_filenode('public.%s')".formatted(table));
  }

  private void write() {
    sides.shared.executeAll(
        "update public.item set n = n + 1 where id % 7 = 0",
        "delete from public.line where item % 5 = 0",
        "update public.account set balance = 0",
        "insert into public.item (note) select 'later' from generate_series(1, 50)");
  }

  private void copy(FaultScript faults) {
    sides.request(Traffic.TABLES);
    sides.relay(SETTINGS, faults);
    assertWholeAndEqual();
  }

  private void assertWholeAndEqual() {
    sides.awaitStreaming();
    sides.awaitCaughtUp();
    sides.assertEqual(Traffic.TABLES);
    assertThat(sides.service.query("select name from ficus.postponed_definition")).isEmpty();
    assertThat(pending()).isEmpty();
  }

  private static long count(FaultScript faults, String point) {
    return Collections.frequency(faults.reached(), point);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldStreamOnWhatWasFinishedAndCopyTheRestAnew(boolean overKafka) {
    if (overKafka) {
      sides.over(KafkaCluster.of(TestKafka.shared().bootstrapServers()));
    }
    List<String> finished = new ArrayList<>(List.of(Traffic.TABLES));
    List<String> files = new ArrayList<>();
    FaultScript faults =
        dieAt(
            FINISHED,
            2,
            () -> {
              finished.removeAll(pending());
              finished.forEach(table -> files.add(file(table)));
              write();
            });

    copy(faults);

    assertThat(finished).hasSizeBetween(2, Traffic.TABLES.length - 1);
    assertThat(finished.stream().map(this::file)).containsExactlyElementsOf(files);
    assertThat(count(faults, "relay.slot.created")).isEqualTo(1);
    assertThat(count(faults, "relay.recopy.after-commit")).isEqualTo(1);
  }

  @Test
  void shouldKeepWhatEachOfManyAttemptsFinished() {
    FaultScript faults = slowly();
    for (int nth = 1; nth < Traffic.TABLES.length; nth++) {
      faults.run(
          FINISHED,
          nth,
          () -> {
            write();
            sides.endRelayConnections();
          });
    }

    copy(faults);

    assertThat(count(faults, "relay.slot.created")).isEqualTo(1);
    assertThat(count(faults, FINISHED)).isEqualTo(Traffic.TABLES.length - 1);
  }

  @Test
  void shouldBeginAgainBeforeATableWasFinished() {
    FaultScript faults = dieAt("relay.copy.finish-before-commit", 1, this::write);

    copy(faults);

    assertThat(count(faults, "relay.slot.created")).isEqualTo(2);
  }

  /** A table that was truncated under a snapshot reads as empty. */
  @Test
  void shouldFinishNoTableOnceItsLocksAreLost() {
    FaultScript faults =
        new FaultScript()
            .run(
                "relay.copy.table-done",
                1,
                () ->
                    sides.shared.query(
                        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'ficus relay orders.forward'"));

    copy(faults);

    assertThat(count(faults, "relay.slot.created")).isEqualTo(2);
  }

  @Test
  void shouldBeginAgainWhereTheSlotIsGone() {
    FaultScript faults = dieAt(FINISHED, 1, () -> {});
    sides.request(Traffic.TABLES);
    Relay relay = sides.relay(SETTINGS, faults);
    sides.awaitRow(row -> faults.reached().contains(FINISHED));
    relay.close();
    assertThat(pending()).hasSize(Traffic.TABLES.length - 1);
    write();
    sides.shared.query("select pg_drop_replication_slot('%s')".formatted(sides.row().slot()));
    FaultScript again = new FaultScript();
    sides.relay(SETTINGS, again);

    assertWholeAndEqual();

    assertThat(count(again, "relay.slot.created")).isEqualTo(1);
  }

  /** What is copied anew needs a slot of its own for its snapshot. */
  @Test
  void shouldBeginAgainWhereNoSlotIsFree() {
    String others = "from pg_replication_slots where slot_name like 'taken%'";
    FaultScript faults =
        dieAt(
            FINISHED,
            1,
            () ->
                sides.shared.query(
                    """
                    select pg_create_physical_replication_slot('taken' || i)::text from generate_series(1,
                      current_setting('max_replication_slots')::int - (select count(*) from pg_replication_slots)::int) i
                    """));
    try {
      copy(faults);

      assertThat(sides.shared.queryOne("select count(*) > 0 " + others)).isEqualTo("t");
      assertThat(count(faults, "relay.slot.created")).isEqualTo(2);
    } finally {
      sides.shared.query("select pg_drop_replication_slot(slot_name) " + others);
    }
  }

  /** As of a relay that keeps no list. */
  @Test
  void shouldBeginAgainWhereNothingSaysWhatWasFinished() {
    FaultScript faults =
        dieAt(
            FINISHED,
            1,
            () -> {
              sides.service.execute("delete from ficus.table_copy");
              write();
            });

    copy(faults);

    assertThat(count(faults, "relay.slot.created")).isEqualTo(2);
  }

  @Test
  void shouldFinishNothingOfACopyThatAnotherRelayTookOver() {
    Set<String> left = new TreeSet<>();
    FaultScript faults =
        new FaultScript()
            .run(
                "relay.copy.chunk-after-commit",
                2,
                () ->
                    // As another relay does that took the lease over.
                    sides.service.execute(
                        "update ficus.stream set state = 'STREAMING', position_at = now() where name = 'orders.forward'"))
            .run("relay.recopy.begun", 1, () -> left.addAll(pending()));

    copy(faults);

    assertThat(left).hasSameSizeAs(Traffic.TABLES);
    assertThat(count(faults, "relay.slot.created")).isEqualTo(1);
  }

  @Test
  void shouldTakeTablesThatARecopyFinishedAlongToItsNextSnapshot() {
    sides.request(Traffic.TABLES);
    Relay first = sides.relay(SETTINGS, FaultPoints.NONE);
    sides.awaitStreaming();
    first.close();
    String[] file = {""};
    FaultScript faults =
        dieAt(
            FINISHED,
            1,
            () -> {
              file[0] = file("item");
              write();
            });
    TableCopies.request(
        sides.target,
        TwoSides.FORWARD,
        Set.of(new TableName("public", "item"), new TableName("public", "line")));
    write();
    sides.relay(SETTINGS, faults);

    assertWholeAndEqual();

    assertThat(file("item")).isEqualTo(file[0]);
    assertThat(count(faults, "relay.recopy.begun")).isEqualTo(2);
  }
}
