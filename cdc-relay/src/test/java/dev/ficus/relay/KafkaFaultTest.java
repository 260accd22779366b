package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.postgres.Marker;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestKafka;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Publishers and appliers that die, or that hang and come back as zombies. */
@Rule({"R3", "R4"})
class KafkaFaultTest {

  static final EnumSet<RelayRole> PUBLISH = EnumSet.of(RelayRole.PUBLISH);
  static final EnumSet<RelayRole> APPLY = EnumSet.of(RelayRole.APPLY);
  static final RelaySettings SMALL =
      new RelaySettings(
          Duration.ofMillis(20),
          Duration.ofMillis(2),
          Duration.ofSeconds(1),
          Duration.ofMillis(50),
          Duration.ofSeconds(1),
          500,
          2000,
          1 << 24);
  private static final Pattern END = Pattern.compile("\"status\":\"END\",\"id\":\"([^\"]+)\"");

  TwoSides sides;

  /** How many partitions its topics have. */
  int partitions() {
    return 1;
  }

  @BeforeEach
  void createSides() {
    sides =
        new TwoSides("create table public.t (id int primary key, n int, note text)")
            .over(KafkaCluster.of(TestKafka.shared().bootstrapServers()), partitions());
    sides.shared.execute("insert into public.t select i, 0, 'x' from generate_series(1, 2000) i");
    sides.request("t");
  }

  @AfterEach
  void dropSides() {
    sides.close();
  }

  /** Each transaction stands in the topic once. */
  void assertOnce() {
    try (Broker broker = new Broker(TestKafka.shared())) {
      List<String> ends =
          END.matcher(
                  String.join(
                      "\n",
                      broker.values(
                          sides.service.queryOne("select topic from ficus.stream_topic"), 0)))
              .results()
              .map((MatchResult result) -> result.group(1))
              .toList();
      assertThat(ends).hasSizeGreaterThan(1).doesNotHaveDuplicates();
    }
  }

  @Test
  void shouldPublishNothingTwiceWhenItsPublisherDiesBeforeItAcknowledges() {
    FaultScript faults = new FaultScript();
    for (int occurrence : new int[] {1, 2, 4}) {
      faults.run(
          "relay.publish.after-commit",
          occurrence,
          () -> {
            throw new TimeoutException("died before it acknowledged");
          });
      faults.run(
          "relay.publish.before-commit",
          occurrence + 4,
          () -> {
            throw new TimeoutException("died before it committed");
          });
    }
    sides.relay(RelaySettings.DEFAULTS, faults);
    sides.awaitStreaming();
    for (int i = 1; i <= 12; i++) {
      sides.shared.execute("update public.t set n = n + 1 where id <= 10");
      Marker.write(sides.source);
      sides.awaitCaughtUp();
    }

    sides.assertEqual("t");
    assertOnce();
    assertThat(faults.reached()).contains("relay.publish.before-commit").hasSizeGreaterThan(12);
  }

  @Test
  void shouldFenceAPublisherThatComesBack() throws Exception {
    CountDownLatch hanging = new CountDownLatch(1);
    CountDownLatch letGo = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    FaultScript faults =
        new FaultScript()
            .run(
                "relay.publish.before-commit",
                2,
                () -> {
                  hanging.countDown();
                  await(letGo);
                  ended.countDown();
                });
    sides.relay(RelaySettings.DEFAULTS, FaultPoints.NONE, APPLY);
    sides.awaitStreaming();
    Relay zombie = sides.relay(RelaySettings.DEFAULTS, faults, PUBLISH);
    await(hanging);
    sides.shared.execute("update public.t set n = n + 1");

    // Its connections break, and it does not notice.
    killHolder(
        sides.service,
        "ficus.topic." + sides.service.queryOne("select topic from ficus.stream_topic"));
    sides.shared.execute(
        "select pg_terminate_backend(active_pid) from pg_replication_slots where active");
    sides.relay(RelaySettings.DEFAULTS, FaultPoints.NONE, PUBLISH);
    sides.awaitCaughtUp();
    letGo.countDown();
    await(ended);
    sides.shared.execute("update public.t set n = n + 1 where id = 1");
    sides.awaitCaughtUp();
    zombie.close();

    sides.assertEqual("t");
    assertOnce();
  }

  @Test
  void shouldFenceAnApplierThatComesBack() throws Exception {
    CountDownLatch hanging = new CountDownLatch(1);
    CountDownLatch letGo = new CountDownLatch(1);
    FaultScript faults =
        new FaultScript()
            .run(
                "relay.apply.before-commit",
                2,
                () -> {
                  hanging.countDown();
                  await(letGo);
                });
    sides.relay(RelaySettings.DEFAULTS, FaultPoints.NONE, PUBLISH);
    Relay zombie = sides.relay(RelaySettings.DEFAULTS, faults, APPLY);
    sides.awaitStreaming();
    sides.shared.execute("update public.t set n = n + 1");
    await(hanging);

    killHolder(sides.service, "ficus.stream.orders.forward");
    sides.relay(RelaySettings.DEFAULTS, FaultPoints.NONE, APPLY);
    sides.awaitCaughtUp();
    sides.shared.execute("update public.t set n = n + 1 where id = 1");
    sides.awaitCaughtUp();
    letGo.countDown();
    // Whatever it still tries is tried by the time that it has ended.
    zombie.close();
    sides.awaitCaughtUp();

    sides.assertEqual("t");
  }

  @Test
  void shouldApplyALargeTransactionWholeWhenItsPublisherDiesInTheMiddle() {
    FaultScript faults =
        new FaultScript()
            .run(
                "relay.publish.after-commit",
                2,
                () -> {
                  throw new TimeoutException("died in the middle");
                });
    sides.relay(SMALL, FaultPoints.NONE, APPLY);
    sides.awaitStreaming();
    sides.relay(SMALL, faults, PUBLISH);
    // Some 50 million characters: several pieces of the capture, and as many Kafka transactions.
    sides.shared.execute(
        "insert into public.t select 10000 + i, i, repeat(md5(i::text), 30) from generate_series(1, 50000) i");
    sides.awaitCaughtUp();

    assertThat(faults.reached().stream().filter("relay.publish.after-commit"::equals).count())
        .as("it was published in pieces")
        .isGreaterThan(3);
    assertThat(sides.row().changes()).as("what died was given up").isEqualTo(50_000);
    assertThat(sides.service.queryOne("select count(*) || ' ' || sum(n) from public.t"))
        .isEqualTo(sides.shared.queryOne("select count(*) || ' ' || sum(n) from public.t"));
    assertOnce();
  }

  private static void await(CountDownLatch latch) {
    try {
      if (!latch.await(60, TimeUnit.SECONDS)) {
        throw new IllegalStateException("waited in vain");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends the session that has a lease, as a server does with one whose network is gone. */
  private static void killHolder(TestDatabase database, String lease) {
    assertThat(
            database.query(
                "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid::int = hashtext('%s')::oid::int"
                    .formatted(lease)))
        .containsExactly("t");
  }
}
