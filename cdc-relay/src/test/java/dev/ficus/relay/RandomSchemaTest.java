package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.FaultPoints;
import dev.ficus.postgres.SqlErrors;
import dev.ficus.testkit.Rule;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Random tables, transactions and lost connections: in the end both sides are equal.
 *
 * <p>{@code -Dficus.test.seed} repeats schemas and statements, and {@code -Dficus.test.schemas}
 * makes a campaign of it.
 */
@Rule({"R1", "R2", "R3", "R4", "R7"})
class RandomSchemaTest {

  private static final Logger log = LoggerFactory.getLogger(RandomSchemaTest.class);
  private static final int SCHEMAS = Integer.getInteger("ficus.test.schemas", 3);
  private static final int WRITERS = 3;
  private static final int TRANSACTIONS = 120;
  private static final int RESTARTS = 3;
  private static final int MOST_FAULTS = 5;

  /** So small that batches end, transactions go in pieces and tables in chunks. */
  private static final RelaySettings SMALL =
      new RelaySettings(
              Duration.ofMillis(20),
              Duration.ofMillis(1),
              Duration.ofMillis(200),
              Duration.ofMillis(10),
              Duration.ofMillis(100),
              40,
              80,
              1 << 20)
          .withCopy(2, 64 * 1024);

  @Test
  void shouldEndEqualWhateverTheTablesTransactionsAndFaults() throws Exception {
    long first = Long.getLong("ficus.test.seed", System.nanoTime());
    AtomicInteger faults = new AtomicInteger();
    for (long seed = first; seed < first + SCHEMAS; seed++) {
      log.info("seed {}", seed);
      run(seed, faults);
    }
    assertThat(faults.get()).as("seed %s: connections broken", first).isPositive();
  }

  private static void run(long seed, AtomicInteger faults) throws Exception {
    RandomSchema schema = new RandomSchema(new Random(seed));
    AtomicInteger committed = new AtomicInteger();
    try (TwoSides sides = new TwoSides(schema.ddl())) {
      write(sides, schema, new Random(seed), 60, committed);
      List<CompletableFuture<Void>> writers = new ArrayList<>();
      for (int i = 1; i <= WRITERS; i++) {
        Random random = new Random(seed * 31 + i);
        writers.add(
            CompletableFuture.runAsync(
                () -> write(sides, schema, random, TRANSACTIONS, committed)));
      }
      sides.request("public", schema.names());
      Random restarts = new Random(~seed);
      for (int i = 0; i < RESTARTS; i++) {
        try (Relay relay =
            sides.relay(SMALL, lostConnections(sides, new Random(seed + i), faults))) {
          LockSupport.parkNanos(restarts.nextInt(600) * 1_000_000L);
          assertThat(relay.health().failed()).as("seed %s", seed).isEmpty();
        }
      }
      sides.relay(SMALL, lostConnections(sides, new Random(seed - 1), faults));
      writers.forEach(CompletableFuture::join);
      sides.awaitStreaming();
      sides.awaitCaughtUp();

      for (String table : schema.names()) {
        assertThat(sides.rows(sides.service, table))
            .as("seed %s, table %s of %s", seed, table, String.join("; ", schema.ddl()))
            .isEqualTo(sides.rows(sides.shared, table));
      }
      assertThat(committed.get()).as("seed %s", seed).isGreaterThan(TRANSACTIONS);
    }
  }

  /** Breaks the relay's connections at one fault point in some, until it has been enough. */
  private static FaultPoints lostConnections(TwoSides sides, Random random, AtomicInteger faults) {
    AtomicInteger left = new AtomicInteger(MOST_FAULTS);
    return point -> {
      boolean due;
      synchronized (random) {
        due = random.nextInt(point.startsWith("relay.copy") ? 6 : 25) == 0;
      }
      if (due && left.getAndDecrement() > 0) {
        faults.incrementAndGet();
        sides.breakConnections();
      }
    };
  }

  private static void write(
      TwoSides sides,
      RandomSchema schema,
      Random random,
      int transactions,
      AtomicInteger committed) {
    try (Connection connection = sides.shared.connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      for (int n = 0; n < transactions; n++) {
        try {
          for (int i = random.nextInt(6); i >= 0; i--) {
            statement.execute(schema.statement(random));
          }
          if (random.nextInt(10) == 0) {
            connection.rollback();
          } else {
            connection.commit();
            committed.incrementAndGet();
          }
        } catch (SQLException e) {
          assertThat(e.getSQLState())
              .as(e.getMessage())
              // The last where a row was moved to another partition meanwhile.
              .isIn(
                  SqlErrors.UNIQUE_VIOLATION, SqlErrors.DEADLOCK, SqlErrors.SERIALIZATION_FAILURE);
          connection.rollback();
        }
      }
    } catch (SQLException e) {
      throw new IllegalStateException("a writer failed", e);
    }
  }
}
