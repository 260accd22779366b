package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.Via;
import dev.ficus.postgres.Marker;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestConnect;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestKafka;
import java.io.IOException;
import java.nio.file.Files;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What Kafka Connect, or somebody else, does to a stream that reads its topics. */
@Rule({"R3", "R7", "R21"})
class ConnectGapTest {

  private final Broker broker = new Broker(TestKafka.shared());
  private TwoSides sides;
  private TestConnect connect;

  @BeforeEach
  void createSides() throws IOException {
    sides =
        new TwoSides("create table public.t (id int primary key, n int, note text default 'x')");
    sides.shared.execute("alter table public.t replica identity full");
    connect = new TestConnect(TestKafka.shared(), sides.shared, "public.t");
    sides.over(connect.cluster(), Via.CONNECT);
  }

  @AfterEach
  void dropSides() {
    connect.close();
    sides.close();
    broker.close();
  }

  private void stream() {
    connect.connect();
    sides.shared.execute("insert into public.t select i, 0 from generate_series(1, 100) i");
    sides.request("t");
    apply();
    sides.awaitStreaming();
    sides.shared.execute("update public.t set n = 1 where id = 1");
    sides.awaitCaughtUp();
    sides.assertEqual("t");
  }

  private void apply() {
    sides.relay(RelaySettings.DEFAULTS, FaultPoints.NONE, EnumSet.of(RelayRole.APPLY));
  }

  private String failure() {
    return sides.awaitFailed().failure().orElseThrow();
  }

  private void awaitPublished() {
    // The slot is told what was published.
    sides.shared.await(
        "select confirmed_flush_lsn >= '%s' from pg_replication_slots where slot_name = '%s'"
            .formatted(Marker.write(sides.source), connect.name()),
        "t");
  }

  @Test
  void shouldRefuseATopicThatLetGoOfWhatWasNotApplied() throws Exception {
    stream();
    sides.stopRelays();
    sides.shared.execute("update public.t set n = 2");
    awaitPublished();
    broker.letGo(connect.name() + ".public.t", 0);
    sides.shared.execute("update public.t set n = 3 where id = 1");

    apply();

    assertThat(failure())
        .contains("partition " + connect.name() + ".public.t-0")
        .contains("goes on at");
    assertThat(sides.service.queryOne("select max(n) from public.t")).isEqualTo("1");
  }

  @Test
  void shouldRefuseATransactionWhoseEndIsMissing() throws Exception {
    stream();
    sides.stopRelays();
    sides.shared.execute("update public.t set n = 2 where id = 2");
    awaitPublished();
    long end = broker.end(connect.name() + ".transaction");
    sides.shared.execute("update public.t set n = 3 where id = 3");
    awaitPublished();
    sides.service.execute(
        "update ficus.connect_offset set next_offset = %d where topic like '%%.transaction'"
            .formatted(end));

    apply();

    assertThat(failure()).contains("have a gap after the commit at").contains("whose end");
    assertThat(sides.service.queryOne("select max(n) from public.t")).isEqualTo("1");
  }

  @Test
  void shouldRefuseATransactionThatLacksAChange() throws Exception {
    stream();
    sides.stopRelays();
    sides.shared.execute("update public.t set n = 2 where id = 2");
    awaitPublished();
    long end = broker.end(connect.name() + ".public.t");
    sides.shared.execute("update public.t set n = 3 where id = 3");
    awaitPublished();
    sides.service.execute(
        "update ficus.connect_offset set next_offset = %d where topic like '%%.public.t'"
            .formatted(end));

    apply();

    assertThat(failure())
        .contains("have a gap after the commit at")
        .contains("1 changes of table public.t, of which 0 came, and changes of later ones follow");
    assertThat(sides.service.queryOne("select max(n) from public.t")).isEqualTo("1");
  }

  @Test
  void shouldRefuseATopicThatWasMadeAnew() throws Exception {
    stream();
    broker.makeAnew(connect.name() + ".public.t");

    assertThat(failure()).containsAnyOf("was deleted and made anew", "is gone");
  }

  @Test
  void shouldRefuseAConnectorThatBeginsAgainWithoutItsOffsets() throws Exception {
    stream();
    connect.stop();
    Files.delete(connect.offsets());
    sides.shared.execute(
        "select pg_drop_replication_slot('%s'); update public.t set n = 2 where id = 2"
            .formatted(connect.name()));
    connect.with("snapshot.mode", "initial").start();

    assertThat(failure()).contains("is of a snapshot: the connector began anew");
    assertThat(sides.service.queryOne("select max(n) from public.t")).isEqualTo("1");
  }

  @Test
  void shouldNameWhatAConnectorIsSetTo() {
    connect
        .with("decimal.handling.mode", "precise")
        .with("provide.transaction.metadata", "false")
        .with("skipped.operations", "t")
        .with("table.include.list", "public.other")
        .with("value.converter.replace.null.with.default", "true")
        .with("transforms", "flatten")
        .with("transforms.flatten.type", "org.apache.kafka.connect.transforms.Flatten$Value");
    sides.shared.execute("create table public.other (id int primary key)");
    connect.connect();

    sides.request("t");
    apply();

    assertThat(failure())
        .contains("decimal.handling.mode is 'precise', and must be string")
        .contains("provide.transaction.metadata is 'false', and must be true")
        .contains("skipped.operations is 't', and must be none")
        .contains("table.include.list leaves out table public.t")
        .contains("value.converter.replace.null.with.default is 'true', and must be false")
        .contains("transforms is set, and is not known to leave changes as they are")
        .contains("publication " + connect.name() + " leaves out table public.t");
    assertThat(sides.service.queryOne("select count(*) from public.t")).isEqualTo("0");
  }

  @Test
  void shouldRefuseATableWithoutWholeOldRows() {
    sides.shared.execute("alter table public.t replica identity default");
    connect.connect();

    sides.request("t");
    apply();

    assertThat(failure())
        .contains("table public.t needs replica identity full over Kafka Connect")
        .contains("[note]");
  }

  @Test
  void shouldRefuseAnUpdateWithoutItsWholeOldRow() {
    stream();
    sides.shared.execute(
        "alter table public.t replica identity default; update public.t set n = 2 where id = 2");

    assertThat(failure())
        .containsAnyOf(
            "lacks the old one: its replica identity was not full then",
            "table public.t needs replica identity full over Kafka Connect");
    assertThat(sides.service.queryOne("select max(n) from public.t")).isEqualTo("1");
  }

  @Test
  void shouldRefuseAPartitionedTable() {
    for (TestDatabase side : List.of(sides.shared, sides.service)) {
      side.execute(
          "create table public.parts (id int primary key) partition by range (id); create table public.parts_all partition of public.parts default");
    }
    connect.connect();

    sides.request("parts");
    apply();

    assertThat(failure())
        .contains("table public.parts is partitioned, which no stream over Kafka Connect carries");
  }

  @Test
  void shouldRefuseATypeThatIsNotKnownToComeExactly() {
    for (TestDatabase side : List.of(sides.shared, sides.service)) {
      side.execute("alter table public.t add at interval");
    }
    connect.connect();
    sides.request("t");
    apply();

    assertThat(failure())
        .contains("column at of table public.t has type interval, which is not known to come");
  }

  @Test
  void shouldStopAtAnAlteredTable() {
    stream();
    sides.shared.execute(
        "alter table public.t add extra int; insert into public.t values (900, 1, 'y', 2)");

    assertThat(failure()).contains("extra");
    assertThat(sides.service.queryOne("select count(*) from public.t where id = 900"))
        .isEqualTo("0");
  }

  @Test
  void shouldStopWhenATypeWasAlteredThatRecordsDoNotTell() {
    for (TestDatabase side : List.of(sides.shared, sides.service)) {
      side.execute("alter table public.t add price numeric(10,2)");
    }
    stream();
    sides.shared.execute("alter table public.t alter price type numeric(12,4)");

    assertThat(failure())
        .contains("table public.t was altered: a type of its columns, a length or a precision");
  }
}
