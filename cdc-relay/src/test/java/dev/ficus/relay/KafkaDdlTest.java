package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.postgres.TableCopies;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestKafka;
import dev.ficus.testkit.TestPostgres;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** DDL in the source of a stream over Kafka, whose halves are run by two relays. */
@Rule({"R1", "R3", "R7"})
class KafkaDdlTest {

  private static final RelaySettings ADDITIVE =
      RelaySettings.DEFAULTS.withAdditive(Set.of(TwoSides.GROUP));

  private final TwoSides sides =
      new TwoSides(
          "create type public.mood as enum ('bad', 'good')",
          "create table public.t (id int primary key, v varchar(10), p numeric(10,2), m public.mood)",
          "create table public.other (id int primary key, note text)",
          "create table public.parts (kind text, id int, primary key (kind, id)) partition by list (kind)",
          "create table public.parts_a partition of public.parts for values in ('a')");

  @AfterEach
  void dropSides() {
    sides.close();
  }

  private void begin(int partitions, RelaySettings settings, FaultPoints faults) {
    sides.over(KafkaCluster.of(TestKafka.shared().bootstrapServers()), partitions);
    sides.shared.execute("insert into public.t values (1, 'a', 1.00, 'good')");
    sides.request("t", "other", "parts");
    publish(settings, faults);
    apply(settings);
    sides.awaitStreaming();
    sides.awaitCaughtUp();
  }

  private void publish(RelaySettings settings, FaultPoints faults) {
    sides.relay(settings, faults, EnumSet.of(RelayRole.PUBLISH));
  }

  private Relay apply(RelaySettings settings) {
    return sides.relay(settings, FaultPoints.NONE, EnumSet.of(RelayRole.APPLY));
  }

  private List<String> accept(boolean rewrittenAlike) {
    return SourceChanges.accept(sides.source, sides.target, TwoSides.FORWARD, rewrittenAlike);
  }

  /** What the stream carries of table t. */
  private List<String> columns() {
    return sides.row().tables().stream()
        .filter(table -> table.source().name().equals("t"))
        .findFirst()
        .orElseThrow()
        .columns();
  }

  private void assertCaughtUpAndEqual() {
    sides.awaitCaughtUp();
    sides.assertEqual("t", "other", "parts");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void shouldCarryColumnsOn(int partitions) {
    begin(partitions, ADDITIVE, FaultPoints.NONE);

    for (int i = 1; i <= 3; i++) {
      String column = "extra" + i;
      sides.shared.execute(
          "insert into public.t (id, v) select %d + i, 'before' from generate_series(1, 300) i"
              .formatted(i * 1000));
      sides.shared.execute(
          """
          begin;
          insert into public.other values (%1$d, 'with it');
          alter table public.t add %2$s int default 7;
          update public.t set %2$s = id where id %% 2 = 0;
          insert into public.t (id, %2$s) values (%1$d * 10, 8);
          commit;
          """
              .formatted(i, column));
      sides.shared.execute("update public.t set %1$s = %1$s + 1".formatted(column));
    }
    assertCaughtUpAndEqual();

    assertThat(columns()).hasSize(7);
    assertThat(sides.row().failure()).isEmpty();
  }

  @Test
  void shouldCarryColumnsOnWhenItsPublisherDiesBeforeOrAfterItHasAddedThem() {
    FaultScript faults = new FaultScript();
    for (String point : List.of("relay.addition.before-commit", "relay.addition.after-commit")) {
      faults.run(
          point,
          1,
          () -> {
            throw new TimeoutException("died");
          });
    }
    begin(1, ADDITIVE, faults);

    sides.shared.execute("insert into public.other values (1, 'before')");
    sides.shared.execute("alter table public.t add extra int default 7");
    sides.shared.execute("insert into public.t (id, extra) values (2, 8)");
    assertCaughtUpAndEqual();

    assertThat(faults.reached())
        .filteredOn("relay.addition.before-commit"::equals)
        .hasSizeGreaterThan(1);
    assertThat(faults.reached()).contains("relay.addition.after-commit");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldCarryPartitionsOn(boolean additive) {
    begin(1, additive ? ADDITIVE : RelaySettings.DEFAULTS, FaultPoints.NONE);
    String ddl = "create table public.parts_b partition of public.parts for values in ('b')";
    if (!additive) {
      sides.service.execute(ddl);
    }

    sides.shared.execute("insert into public.parts values ('a', 1)");
    sides.shared.execute(ddl);
    sides.shared.execute("insert into public.parts values ('a', 2), ('b', 1)");
    assertCaughtUpAndEqual();

    assertThat(sides.service.queryOne("select count(*) from public.parts_b")).isEqualTo("1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1 | alter table public.t add extra int default 4 | insert into public.t (id, extra) values (2, 7)",
        "4 | alter table public.t drop column p | insert into public.t (id, v) values (2, 'b')",
        "1 | alter table public.t rename column v to w | insert into public.t (id, w) values (2, 'b')",
        "4 | alter table public.t alter p type numeric(12,4) | insert into public.t (id, p) values (2, 0.1234)",
        "1 | alter type public.mood add value 'best' | insert into public.t (id, m) values (2, 'best')",
        "4 | alter table public.t drop constraint t_pkey, add primary key (id, m) | insert into public.t (id, m) values (1, 'bad')",
      })
  void shouldStandBeforeDdlWithAllOfBeforeAppliedAndGoOnOnceItIsAccepted(
      int partitions, String ddl, String write) {
    begin(partitions, RelaySettings.DEFAULTS, FaultPoints.NONE);
    sides.shared.execute(
        "insert into public.other select i, 'before' from generate_series(1, 2000) i");
    sides.shared.execute(
        "begin; insert into public.other values (0, 'with it'); " + ddl + "; commit");
    sides.shared.execute(write);

    StreamRow row = sides.awaitFailed();

    assertThat(row.failure().orElseThrow())
        .contains("table public.t was altered in the source at ");
    assertThat(row.advice().orElseThrow()).contains("ficus ddl accept orders");
    assertThat(sides.service.queryOne("select count(*) from public.other")).isEqualTo("2000");
    assertThat(sides.service.query("select id from public.t")).containsExactly("1");
    assertThat(accept(true)).isNotEmpty();
    sides.service.execute(ddl);
    assertThat(accept(true)).isEmpty();
    assertCaughtUpAndEqual();
    assertThat(sides.service.queryOne("select note from public.other where id = 0"))
        .isEqualTo("with it");
  }

  @Test
  void shouldNoticeAndAcceptWithoutEventTriggers() {
    try (TwoSides plain =
        TwoSides.ofPlainRole("create table public.t (id int primary key, v varchar(10))")) {
      plain.over(KafkaCluster.of(TestKafka.shared().bootstrapServers()));
      plain.request("t");
      plain.relay();
      plain.awaitStreaming();
      String ddl = "alter table public.t alter v type text";
      plain.shared.execute("insert into public.t values (1, 'before')");
      plain.shared.execute(ddl);
      plain.shared.execute("insert into public.t values (2, 'longer than it could be before')");

      assertThat(plain.awaitFailed().failure().orElseThrow()).contains("column v is text");
      assertThat(plain.service.query("select v from public.t")).containsExactly("before");
      plain.service.execute(ddl);
      assertThat(SourceChanges.accept(plain.source, plain.target, TwoSides.FORWARD, false))
          .isEmpty();
      plain.awaitCaughtUp();
      plain.assertEqual("t");
    }
  }

  @Test
  void shouldWaitForItsApplierBeforeItStopsOrAdds() {
    sides.over(KafkaCluster.of(TestKafka.shared().bootstrapServers()));
    sides.request("t", "other", "parts");
    publish(ADDITIVE, FaultPoints.NONE);
    Relay applier = apply(ADDITIVE);
    sides.awaitStreaming();
    sides.awaitCaughtUp();
    applier.close();
    sides.shared.execute("insert into public.t (id) values (1)");
    sides.shared.execute("alter table public.t add extra int default 7");
    sides.shared.execute("insert into public.t (id) values (2)");
    sides.shared.execute("alter table public.t drop column p");

    sides.awaitNote(
        note ->
            note.lastRetry()
                .filter(reason -> reason.contains("is not applied yet; the publisher waits"))
                .isPresent());
    assertThat(sides.row().state()).isEqualTo(StreamState.STREAMING);
    assertThat(columns()).doesNotContain("extra");
    apply(ADDITIVE);

    assertThat(sides.awaitFailed().failure().orElseThrow()).contains("column p was dropped");
    assertThat(sides.service.query("select id || ' ' || extra from public.t order by 1"))
        .containsExactly("1 7", "2 7");
  }

  /** The notice of the one that commits later stands before that of the other. */
  @Test
  void shouldCarryColumnsOnThatTransactionsBesideEachOtherAdd() throws SQLException {
    begin(1, ADDITIVE, FaultPoints.NONE);
    try (Connection later = sides.shared.connect();
        Statement statement = later.createStatement()) {
      later.setAutoCommit(false);
      statement.execute("alter table public.t add extra int");
      sides.shared.execute("alter table public.other add extra int");
      sides.shared.execute("insert into public.other values (1, 'x', 1)");
      later.commit();
    }
    sides.shared.execute("insert into public.t (id, extra) values (2, 2)");
    assertCaughtUpAndEqual();

    assertThat(sides.row().failure()).isEmpty();
  }

  /** A part of the transaction was published before it altered, and stays in another partition. */
  @Test
  void shouldPassOverWhatItPublishedOfATableBeforeThatWasCopiedAnew() {
    begin(4, RelaySettings.DEFAULTS, FaultPoints.NONE);
    int id =
        IntStream.iterate(10, i -> i + 1).filter(i -> partition(i) != 0).findFirst().orElseThrow();
    sides.shared.execute(
        "begin; insert into public.t (id) values (%d); alter table public.t add extra int; commit"
            .formatted(id));
    sides.awaitFailed();
    sides.service.execute("alter table public.t add extra int");
    TableCopies.request(sides.target, TwoSides.FORWARD, Set.of(new TableName("public", "t")));
    sides.awaitStreaming();
    sides.stopRelays();

    sides.relay();
    sides.shared.execute(
        "insert into public.t (id, extra) select i, i from generate_series(50, 80) i");
    assertCaughtUpAndEqual();
  }

  /** Of four, that of a row of table t. */
  private static int partition(int id) {
    byte[] key = "{\"id\":\"%d\"}".formatted(id).getBytes(StandardCharsets.UTF_8);
    return Utils.toPositive(Utils.murmur2(key)) % 4;
  }

  /** So that the slot lets go of WAL. */
  @Test
  @Rule("R4")
  void shouldPublishOnWhileTheTargetIsAway() {
    begin(1, RelaySettings.DEFAULTS, FaultPoints.NONE);
    String database = sides.service.queryOne("select current_database()");
    TestDatabase other = TestPostgres.createElsewhere();
    other.execute("alter database " + database + " allow_connections false");
    other.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = '"
            + database
            + "'");
    sides.shared.execute("insert into public.other values (1, 'published')");
    String end = sides.shared.queryOne("select pg_current_wal_insert_lsn()");

    sides.shared.await(
        "select confirmed_flush_lsn >= '%s' from pg_replication_slots where slot_name = 'ficus_orders_forward_1'"
            .formatted(end),
        "t");

    other.execute("alter database " + database + " allow_connections true");
    other.close();
    assertCaughtUpAndEqual();
  }

  /** Rows of before are of another shape, and come in the same transaction. */
  @Test
  void shouldRefuseATransactionThatWroteBeforeItAltered() {
    begin(1, ADDITIVE, FaultPoints.NONE);
    sides.shared.execute(
        "begin; insert into public.t (id) values (2); alter table public.t add extra int; commit");

    StreamRow row = sides.awaitFailed();

    assertThat(row.failure().orElseThrow())
        .contains("the transaction that did this wrote rows of the table before it did");
    assertThat(row.advice().orElseThrow()).contains("ficus recopy orders public.t");
    sides.service.execute("alter table public.t add extra int");
    assertThat(accept(true)).singleElement().asString().contains("ficus recopy");
  }
}
