package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.Lsn;
import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.postgres.StreamState;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestKafka;
import java.time.Duration;
import java.util.EnumSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Transactions that stand in four partitions as no test could make a publisher write them. */
@Rule({"R3", "R7", "R8"})
class ReassemblyTest {

  private static final String T = "900/0";
  private static final String NEXT = "901/0";
  private static final long RUN = 1_000_000;

  private final CountDownLatch paused = new CountDownLatch(1);
  private TwoSides sides;
  private String topic;
  private Lsn position;
  private Lsn end;

  @BeforeEach
  void createTopic() {
    sides =
        new TwoSides("create table public.t (id int primary key, note text)")
            .over(KafkaCluster.of(TestKafka.shared().bootstrapServers()), 4);
    sides.request("t");
    Relay applying =
        sides.relay(RelaySettings.DEFAULTS, FaultPoints.NONE, EnumSet.of(RelayRole.APPLY));
    Relay publishing =
        sides.relay(RelaySettings.DEFAULTS, FaultPoints.NONE, EnumSet.of(RelayRole.PUBLISH));
    sides.awaitStreaming();
    sides.awaitCaughtUp();
    publishing.close();
    applying.close();
    // What the publisher wrote last is not applied perhaps; what is written by hand follows it.
    position = new Lsn(sides.row().position().value() + (1L << 30));
    end = new Lsn(position.value() + 1000);
    topic = sides.service.queryOne("select topic from ficus.stream_topic");
  }

  @AfterEach
  void dropSides() {
    sides.close();
  }

  private HandWritten publisher(String name, long run) {
    return new HandWritten(TestKafka.shared().bootstrapServers(), topic, name, run);
  }

  private void apply() {
    sides.relay(
        RelaySettings.DEFAULTS,
        point -> {
          if (point.equals("relay.read.paused")) {
            paused.countDown();
          }
        },
        EnumSet.of(RelayRole.APPLY));
  }

  private void awaitNotes(String notes) {
    sides.service.await("select string_agg(note, ' ' order by id) from public.t", notes);
  }

  private void assertGap(String what) {
    assertThat(sides.awaitFailed().failure())
        .hasValueSatisfying(
            failure ->
                assertThat(failure)
                    .contains("topic " + topic + " of stream orders.forward has a gap after")
                    .contains(what));
    assertThat(sides.service.queryOne("select count(*) from public.t")).isEqualTo("0");
  }

  @Test
  void shouldWaitForAPartitionWhileAnotherIsFarAhead() throws Exception {
    int many = 30_000;
    String note = "x".repeat(500);
    try (HandWritten late = publisher("late", RUN);
        HandWritten ahead = publisher("ahead", RUN)) {
      late.row(2, T, 1, 0, "late").written();
      ahead.begin(T, Lsn.ZERO);
      for (int i = 1; i <= many; i++) {
        ahead.row(1, T, i + 1, i, note);
      }
      ahead.end(T, many + 1, end).commit();
      apply();
      assertThat(paused.await(60, TimeUnit.SECONDS)).as("a partition is paused").isTrue();
      // Long enough for the brokers to be asked for what is due: it is there, and not shown yet.
      LockSupport.parkNanos(Duration.ofSeconds(3).toNanos());
      assertThat(sides.row().state()).isEqualTo(StreamState.STREAMING);
      assertThat(sides.service.queryOne("select count(*) from public.t")).isEqualTo("0");

      late.commit();
      sides.service.await(
          "select count(*) || ' ' || min(note) from public.t", (many + 1) + " late");
    }
  }

  @Test
  void shouldPutChangesOfOneRowInOrderWhereverTheyStand() {
    try (HandWritten publisher = publisher("p", RUN)) {
      publisher
          .begin(T, Lsn.ZERO)
          .row(3, T, 1, 1, "a")
          .row(1, T, 2, 1, "b")
          .row(3, T, 3, 1, "c")
          .row(0, T, 4, 1, "d")
          .end(T, 4, position)
          .begin(NEXT, position)
          .row(2, NEXT, 1, 2, "e")
          .row(1, NEXT, 2, 2, "f")
          .end(NEXT, 2, end)
          .commit();
      apply();
      awaitNotes("d f");
    }
  }

  @Test
  void shouldPassOverWhatAnEarlierRunLeftUnfinished() {
    try (HandWritten died = publisher("p", RUN);
        HandWritten publisher = publisher("q", RUN + 1)) {
      died.begin(T, Lsn.ZERO).row(1, T, 1, 1, "left").row(1, T, 2, 2, "left").commit();
      publisher
          .begin(T, Lsn.ZERO)
          .row(1, T, 1, 1, "a")
          .row(1, T, 2, 2, "b")
          .row(2, T, 3, 3, "c")
          .end(T, 3, end)
          .commit();
      apply();
      awaitNotes("a b c");
    }
  }

  @Test
  void shouldStopAtAChangeThatAPartitionLacksInFrontOfALaterOne() {
    try (HandWritten publisher = publisher("p", RUN)) {
      publisher
          .begin(T, Lsn.ZERO)
          .row(1, T, 1, 1, "a")
          .row(2, T, 2, 2, "b")
          .row(3, T, 4, 4, "d")
          .end(T, 4, position)
          .begin(NEXT, position)
          .row(1, NEXT, 1, 5, "e")
          .row(2, NEXT, 2, 6, "f")
          .row(3, NEXT, 3, 7, "g")
          .end(NEXT, 3, end)
          .commit();
      apply();
      assertGap("where change 3 of 900/0 is due");
    }
  }

  @Test
  void shouldStopAtAChangeThatNothingFollowsInItsPartition() {
    try (HandWritten publisher = publisher("p", RUN)) {
      publisher.begin(T, Lsn.ZERO).row(1, T, 1, 1, "a").end(T, 2, end).commit();
      apply();
      assertGap("the end with 2 of transaction 900/0 where change 2 of 900/0 is due");
    }
  }

  @Test
  void shouldStopAtATransactionThatPartitionZeroLacks() {
    try (HandWritten publisher = publisher("p", RUN)) {
      publisher
          .row(1, T, 1, 1, "a")
          .begin(NEXT, position)
          .row(1, NEXT, 1, 2, "b")
          .end(NEXT, 1, end)
          .commit();
      apply();
      assertGap("transaction 901/0 after " + position);
    }
  }

  @Test
  void shouldStopAtAChangeThatStandsThereTwice() {
    try (HandWritten publisher = publisher("p", RUN)) {
      publisher
          .begin(T, Lsn.ZERO)
          .row(1, T, 1, 1, "a")
          .row(1, T, 1, 1, "a")
          .row(2, T, 2, 2, "b")
          .end(T, 2, end)
          .commit();
      apply();
      assertGap("change 1 of transaction 900/0 where change 2 of 900/0 is due");
    }
  }

  @Test
  void shouldStopAtABeginningOutsidePartitionZero() {
    try (HandWritten publisher = publisher("p", RUN)) {
      publisher.begin(3, T, Lsn.ZERO).commit();
      apply();
      assertStrange("in partition 3 of topic " + topic + " is where a transaction begins or ends");
    }
  }

  @Test
  void shouldStopAtARecordWithoutItsRun() throws Exception {
    try (Broker broker = new Broker(TestKafka.shared())) {
      broker.write(
          topic,
          2,
          """
          {"after":{"id":"1","note":"a"},"source":{"schema":"public","table":"t","lsn":1},"op":"c","transaction":{"id":"%s","total_order":1}}"""
              .formatted(T));
      apply();
      assertStrange("in partition 2 of topic " + topic + " has no header ficus.run");
    }
  }

  private void assertStrange(String what) {
    assertThat(sides.awaitFailed().failure())
        .hasValueSatisfying(failure -> assertThat(failure).contains(what));
  }
}
