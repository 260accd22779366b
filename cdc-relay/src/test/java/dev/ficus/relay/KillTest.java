package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.Lsn;
import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.postgres.Marker;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestKafka;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The relay as a process of its own, killed with SIGKILL again and again while the source is
 * written.
 *
 * <p>{@code -Dficus.test.seed} repeats the moments of a run as far as a scheduler allows, and
 * {@code -Dficus.test.kills} makes a campaign of it, and {@code -Dficus.test.via=kafka} one over
 * Kafka, through topics of {@code -Dficus.test.partitions} partitions.
 */
@Rule({"R1", "R2", "R3", "R4"})
class KillTest {

  private static final Logger log = LoggerFactory.getLogger(KillTest.class);
  private static final int KILLS = Integer.getInteger("ficus.test.kills", 30);
  private static final int PARTITIONS = Integer.getInteger("ficus.test.partitions", 1);

  /** Relays that live so briefly fall behind: one of so many lives until it has caught up. */
  private static final int CATCH_UP_EVERY = 20;

  private static final Duration CATCHING_UP = Duration.ofMinutes(5);
  private static final boolean OVER_KAFKA =
      System.getProperty("ficus.test.via", "direct").equals("kafka");

  @Test
  void shouldLoseNothingWhenKilledAtRandomMoments(@TempDir Path folder) throws Exception {
    try (TwoSides sides = new TwoSides(Traffic.DDL)) {
      killAndCompare(OVER_KAFKA ? overKafka(sides, PARTITIONS) : sides, KILLS, folder);
    }
  }

  /** A slice of what {@code -Dficus.test.via=kafka} makes of the other one. */
  @Test
  void shouldLoseNothingOverKafkaWhenKilledAtRandomMoments(@TempDir Path folder) throws Exception {
    try (TwoSides sides = new TwoSides(Traffic.DDL)) {
      killAndCompare(overKafka(sides, 1), 8, folder);
    }
  }

  @Test
  void shouldLoseNothingOverPartitionsWhenKilledAtRandomMoments(@TempDir Path folder)
      throws Exception {
    try (TwoSides sides = new TwoSides(Traffic.DDL)) {
      killAndCompare(overKafka(sides, 4), 8, folder);
    }
  }

  @Test
  void shouldReportPositionsThatAreCommittedApartFromTheirChanges(@TempDir Path folder)
      throws Exception {
    try (TwoSides sides = new TwoSides(Traffic.DDL)) {
      assertThatThrownBy(() -> killAndCompare(sides, RelayProcess::startBroken, 20, folder))
          .rootCause()
          .isInstanceOf(AssertionError.class)
          .hasMessageMatching(
              "(?s).*(the position was committed apart from its changes|no past state of the source).*");
    }
  }

  /** How a relay is started as a process. */
  @FunctionalInterface
  private interface Starter {
    RelayProcess start(TwoSides sides, File log) throws IOException;
  }

  private static TwoSides overKafka(TwoSides sides, int partitions) {
    return sides.over(KafkaCluster.of(TestKafka.shared().bootstrapServers()), partitions);
  }

  private static void killAndCompare(TwoSides sides, int kills, Path folder) throws Exception {
    killAndCompare(sides, RelayProcess::start, kills, folder);
  }

  private static void killAndCompare(TwoSides sides, Starter starter, int kills, Path folder)
      throws Exception {
    int killsInBackfill = kills * 3 / 10;
    int killsInStreaming = kills - killsInBackfill;
    long seed = Long.getLong("ficus.test.seed", System.nanoTime());
    log.info("killing with seed {}", seed);
    Random random = new Random(seed);
    File relayLog = folder.resolve("relay.log").toFile();
    try (Traffic traffic = new Traffic(sides.shared, sides.service)) {
      traffic.fill(20_000);
      traffic.start(seed);
      sides.request(Traffic.TABLES);
      RelayProcess.recordClasses(sides, relayLog);
      int inBackfill = 0;
      int inStreaming = 0;
      long begun = System.nanoTime();
      while (inBackfill < killsInBackfill || inStreaming < killsInStreaming) {
        assertThat(Duration.ofNanos(System.nanoTime() - begun))
            .isLessThan(Duration.ofSeconds(120 + 20L * kills));
        traffic.verify();
        boolean wantBackfill = inBackfill < killsInBackfill;
        if (wantBackfill && !sides.isCopying()) {
          sides.streams.stop(TwoSides.FORWARD);
          sides.request(Traffic.TABLES);
        }
        Lsn before = sides.row().position();
        try (RelayProcess relay = starter.start(sides, relayLog)) {
          awaitWork(sides, relay, relayLog, wantBackfill, before);
          if (wantBackfill && random.nextBoolean()) {
            // Half of them where a table is finished, or all are.
            sides.awaitRow(row -> row.tablesToCopy() < Traffic.TABLES.length);
          }
          if ((inBackfill + inStreaming) % CATCH_UP_EVERY == CATCH_UP_EVERY - 1) {
            sides.streams.awaitPosition(TwoSides.FORWARD, Marker.write(sides.source), CATCHING_UP);
          }
          LockSupport.parkNanos(random.nextInt(wantBackfill ? 250 : 300) * 1_000_000L);
          boolean copying = sides.isCopying();
          relay.kill();
          if (copying) {
            inBackfill++;
          } else {
            inStreaming++;
          }
        }
      }
      log.info(
          "killed {} times in the backfill and {} times while streaming", inBackfill, inStreaming);
      try (RelayProcess relay = starter.start(sides, relayLog)) {
        traffic.stop();
        sides.awaitStreaming();
        sides.streams.awaitPosition(TwoSides.FORWARD, Marker.write(sides.source), CATCHING_UP);
        sides.assertEqual(Traffic.TABLES);
        assertThat(relay.isAlive()).isTrue();
      }
      assertThat(traffic.checks()).isGreaterThan(4L * kills);
      assertThat(sides.rows(sides.shared, "item")).hasSizeGreaterThan(10_000);
    } catch (AssertionError e) {
      log.error("the relays' last words: {}", tail(relayLog));
      throw e;
    }
  }

  /**
   * Waits until this relay has begun a backfill, or has applied something with all tables copied.
   * An earlier one left a position, and a backfill begins by taking another.
   */
  private static void awaitWork(
      TwoSides sides, RelayProcess relay, File relayLog, boolean backfill, Lsn before) {
    StreamRow reached =
        sides.awaitRow(
            row ->
                !relay.isAlive()
                    || row.state() == StreamState.FAILED
                    || (backfill
                        ? row.identity().isPresent() && !row.position().equals(before)
                        : row.state() == StreamState.STREAMING
                            && row.tablesToCopy() == 0
                            && row.position().compareTo(before) > 0));
    assertThat(relay.isAlive())
        .as(() -> "the relay lives until it is killed, and logs: " + tail(relayLog))
        .isTrue();
    assertThat(reached.state())
        .as(() -> reached.failure().orElse(""))
        .isNotEqualTo(StreamState.FAILED);
  }

  private static String tail(File file) {
    try {
      List<String> lines = Files.readAllLines(file.toPath());
      return String.join("\n", lines.subList(Math.max(0, lines.size() - 40), lines.size()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
