package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.postgres.Slots;
import dev.ficus.postgres.StreamRow;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestKafka;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** A relay that is about to make or open a slot while its stream is ended; see SlotLock. */
@Rule("R6")
class UnwantedSlotTest {

  private static final String TABLE = "create table t (id bigint primary key)";

  /** Finds out by itself that its stream has ended, since nobody tells it in time. */
  private static final RelaySettings UNSUPERVISED =
      new RelaySettings(
          Duration.ofSeconds(4),
          RelaySettings.DEFAULTS.captureInterval(),
          RelaySettings.DEFAULTS.idleMarkerInterval(),
          RelaySettings.DEFAULTS.firstRetryDelay(),
          RelaySettings.DEFAULTS.longestRetryDelay(),
          RelaySettings.DEFAULTS.batchChanges(),
          RelaySettings.DEFAULTS.transactionChanges(),
          RelaySettings.DEFAULTS.transactionCharacters());

  @Test
  void shouldMakeNoSlotForAStreamThatIsEndedJustBefore() throws Exception {
    CountDownLatch ended = new CountDownLatch(1);
    try (TwoSides sides = new TwoSides(TABLE)) {
      FaultScript faults =
          new FaultScript()
              .run(
                  "relay.slot.wanted",
                  1,
                  () -> {
                    end(sides);
                    ended.countDown();
                  });
      sides.request("t");
      sides.relay(UNSUPERVISED, faults);
      assertThat(ended.await(60, TimeUnit.SECONDS)).isTrue();
      assertNothingLeft(sides);
    }
  }

  @Test
  void shouldLetNobodyDropASlotThatARelayIsAboutToOpen() throws Exception {
    try (TwoSides sides = new TwoSides(TABLE)) {
      shouldWaitForTheRelay(sides);
    }
  }

  @Test
  void shouldLetNobodyDropASlotThatARelayIsAboutToPublishFrom() throws Exception {
    try (TwoSides sides =
        new TwoSides(TABLE).over(KafkaCluster.of(TestKafka.shared().bootstrapServers()))) {
      shouldWaitForTheRelay(sides);
    }
  }

  /** {@code -Dficus.test.stops} makes a campaign of it: what can hang is some milliseconds wide. */
  @Test
  void shouldLetGoOfItsSlotSoonWheneverItIsEndedWhileItStarts() throws Exception {
    int stops = Integer.getInteger("ficus.test.stops", 12);
    Random random = new Random(Long.getLong("ficus.test.seed", 7));
    try (TwoSides sides = new TwoSides(TABLE)) {
      sides.request("t");
      sides.relay();
      sides.awaitStreaming();
      for (int stop = 0; stop < stops; stop++) {
        LockSupport.parkNanos(Duration.ofMillis(random.nextInt(250)).toNanos());
        sides.streams.stop(TwoSides.FORWARD);
        awaitRelayGone(sides, Duration.ofSeconds(12));
        sides.streams.resume(TwoSides.FORWARD, false);
      }
    }
  }

  private static void shouldWaitForTheRelay(TwoSides sides) throws Exception {
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    FaultScript faults = new FaultScript();
    faults.run("relay.slot.opened", 1, held::countDown).hang("relay.slot.opened", 1, goOn);
    sides.request("t");
    sides.relay(RelaySettings.DEFAULTS, faults);
    assertThat(held.await(60, TimeUnit.SECONDS)).isTrue();

    CountDownLatch dropped = new CountDownLatch(1);
    Thread ending =
        new Thread(
            () -> {
              end(sides);
              dropped.countDown();
            });
    ending.start();
    assertThat(dropped.await(500, TimeUnit.MILLISECONDS)).isFalse();
    goOn.countDown();

    assertThat(dropped.await(30, TimeUnit.SECONDS)).isTrue();
    assertNothingLeft(sides);
  }

  /** As the control plane ends a stream. */
  private static void end(TwoSides sides) {
    StreamRow row = sides.row();
    sides.streams.stop(TwoSides.FORWARD);
    new Slots(sides.source).drop(row.slot(), Duration.ofSeconds(30));
    sides.streams.remove(TwoSides.FORWARD);
  }

  private static void assertNothingLeft(TwoSides sides) {
    awaitRelayGone(sides, TwoSides.PATIENCE);
    assertThat(
            sides.shared.query(
                "select slot_name from pg_replication_slots where database = current_database()"))
        .isEmpty();
    assertThat(sides.shared.query("select pubname from pg_publication")).isEmpty();
  }

  private static void awaitRelayGone(TwoSides sides, Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!sides
        .shared
        .query(
            "select 1 from pg_stat_activity where datname = current_database() and application_name = 'ficus relay orders.forward'")
        .isEmpty()) {
      assertThat(System.nanoTime()).as("the relay lets go of the source").isLessThan(deadline);
      LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
    }
  }
}
