package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Lsn;
import dev.ficus.postgres.Slots;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.testkit.PostgresServer;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The target's server crashes and forgets what it had not flushed, as PostgreSQL does when one of
 * its processes is killed.
 */
@Rule({"R3", "R4"})
class TargetCrashTest {

  private static final int CRASHES = 5;

  @Test
  void shouldSendAgainWhatTheTargetForgotWhenItCrashed() throws SQLException {
    // A WAL writer that hardly ever flushes: a crash then forgets seconds of commits.
    try (PostgresServer server = PostgresServer.start(Map.of("wal_writer_delay", "10s"));
        TwoSides sides = TwoSides.into(databaseOn(server), Traffic.DDL);
        Traffic traffic = new Traffic(sides.shared, sides.service)) {
      traffic.fill(2_000);
      sides.request(Traffic.TABLES);
      sides.relay();
      sides.awaitStreaming();
      traffic.startWriters(1);
      int forgotten = 0;
      for (int crash = 0; crash < CRASHES; crash++) {
        StreamRow begun = sides.row();
        Lsn before =
            sides.awaitRow(row -> row.transactions() > begun.transactions() + 50).position();
        crash(sides.service);
        StreamRow after = sides.row();

        assertThat(after.state()).isEqualTo(StreamState.STREAMING);
        assertThat(after.position())
            .isGreaterThanOrEqualTo(
                new Slots(sides.source).find(after.slot()).orElseThrow().confirmed());
        forgotten += after.position().compareTo(before) < 0 ? 1 : 0;
      }
      traffic.stop();
      sides.awaitCaughtUp();

      sides.assertEqual(Traffic.TABLES);
      assertThat(forgotten).as("crashes that took the target back").isPositive();
    }
  }

  private static TestDatabase databaseOn(PostgresServer server) {
    new TestDatabase(server.address("postgres")).execute("create database orders");
    return new TestDatabase(server.address("orders"));
  }

  /**
   * Returns once the server has recovered. A killed backend is gone before the server notices it
   * and connects anyone until then, so a second connection tells when it has: the server ends it.
   */
  private static void crash(TestDatabase database) throws SQLException {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    try (Connection witness = database.connect();
        Connection victim = database.connect();
        Statement statement = victim.createStatement();
        ResultSet row = statement.executeQuery("select pg_backend_pid()")) {
      row.next();
      assertThat(ProcessHandle.of(row.getLong(1)).orElseThrow().destroyForcibly()).isTrue();
      while (answers(witness)) {
        assertThat(System.nanoTime()).as("the server crashes").isLessThan(deadline);
      }
    }
    while (true) {
      try (Connection recovered = database.connect()) {
        if (answers(recovered)) {
          return;
        }
      } catch (IllegalStateException e) {
        assertThat(System.nanoTime()).as(e.getMessage()).isLessThan(deadline);
      }
    }
  }

  private static boolean answers(Connection connection) {
    try (Statement statement = connection.createStatement()) {
      return statement.execute("select 1");
    } catch (SQLException e) {
      return false;
    }
  }
}
