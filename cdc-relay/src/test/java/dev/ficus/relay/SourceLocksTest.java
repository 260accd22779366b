package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.TableName;
import dev.ficus.postgres.TableCopies;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** The locks that a copy has on the source's tables, and whoever else wants one. */
@Rule("R2")
class SourceLocksTest {

  @Test
  @Rule("R7")
  void shouldKeepRewritesOutUntilTheRowsAreCopied() {
    try (TwoSides sides = new TwoSides(BackfillTest.FAMILY)) {
      BackfillTest.fill(sides.shared, 2000);
      FaultScript faults =
          new FaultScript()
              // No worker reads yet: it is the copy's own lock that holds.
              .run(
                  "relay.copy.truncated",
                  1,
                  () ->
                      assertThat(
                              catchThrowable(
                                  () ->
                                      sides.shared.execute(
                                          "set lock_timeout = 300; cluster public.child using child_note")))
                          .as("a rewrite waits for the copy")
                          .hasStackTraceContaining("lock timeout"));
      sides.request("parent", "child");
      sides.relay(BackfillTest.SMALL, faults);
      sides.awaitStreaming();

      sides.assertEqual("parent", "child");
    }
  }

  @Test
  @Rule({"R2", "R7"})
  void shouldBeginAgainWhenATableIsRewrittenWhileTheSlotIsMade() {
    try (TwoSides sides = new TwoSides(BackfillTest.FAMILY)) {
      BackfillTest.fill(sides.shared, 2000);
      List<String> publications = new CopyOnWriteArrayList<>();
      // The snapshot does not see the rewritten rows.
      FaultScript faults =
          new FaultScript()
              .run(
                  "relay.slot.created",
                  1,
                  () -> {
                    publications.addAll(sides.shared.query("select oid from pg_publication"));
                    sides.shared.execute(
                        "alter table public.child alter column note type text using note || '!'");
                  });
      sides.request("parent", "child");
      sides.relay(BackfillTest.SMALL, faults);
      sides.awaitStreaming();

      sides.assertEqual("parent", "child");
      assertThat(Collections.frequency(faults.reached(), "relay.slot.created")).isEqualTo(2);
      assertThat(sides.shared.query("select oid from pg_publication"))
          .as("the application's statements never lose the publication that they look up")
          .isEqualTo(publications);
    }
  }

  @Test
  void shouldNotStandInTheWayOfTransactionsThatTheSlotWaitsFor() throws SQLException {
    try (TwoSides sides = new TwoSides(BackfillTest.FAMILY);
        Connection application = sides.shared.connect();
        Statement statement = application.createStatement()) {
      BackfillTest.fill(sides.shared, 100);
      application.setAutoCommit(false);
      statement.execute("set lock_timeout = '10s'");
      statement.execute("update public.parent set n = n + 1");
      sides.request("parent", "child");
      sides.relay(BackfillTest.SMALL, FaultPoints.NONE);
      awaitQuery(sides.shared, "CREATE_REPLICATION_SLOT%");

      CompletableFuture<Void> truncating =
          CompletableFuture.runAsync(() -> sides.shared.execute("truncate public.child"));
      awaitQuery(sides.shared, "truncate%", truncating);
      statement.execute("insert into public.child values (1, 99, 'after')");
      application.commit();
      truncating.join();
      sides.awaitStreaming();
      sides.awaitCaughtUp();

      sides.assertEqual("parent", "child");
    }
  }

  @Test
  void shouldGiveWayToATruncateThatItsWorkersWouldWaitFor() {
    try (TwoSides sides = new TwoSides(BackfillTest.FAMILY)) {
      BackfillTest.fill(sides.shared, 500);
      CompletableFuture<Void> truncating = new CompletableFuture<>();
      FaultScript faults =
          new FaultScript()
              .run(
                  "relay.copy.truncated",
                  1,
                  // It waits for the copy's lock, and no worker has one yet.
                  () -> truncateChild(sides, truncating));
      sides.request("parent", "child");
      sides.relay(BackfillTest.SMALL, faults);
      truncating.join();
      sides.awaitStreaming();
      sides.awaitCaughtUp();

      sides.assertEqual("parent", "child");
      assertThat(sides.rows(sides.service, "child")).isEmpty();
    }
  }

  /** The engine of a stream that catches up reads the defaults of the table that is truncated. */
  @Test
  void shouldNotStandInTheWayOfATruncateWhileTheStreamGoesOnToTheSnapshot() {
    try (TwoSides sides = new TwoSides(BackfillTest.FAMILY)) {
      sides.shared.execute("alter table public.child alter note set default 'none'");
      BackfillTest.fill(sides.shared, 500);
      sides.request("parent", "child");
      sides.relay(BackfillTest.SMALL, FaultPoints.NONE);
      sides.awaitStreaming();
      sides.stopRelays();
      CompletableFuture<Void> truncating = new CompletableFuture<>();
      FaultScript faults =
          new FaultScript().run("relay.recopy.begun", 1, () -> truncateChild(sides, truncating));
      TableCopies.request(sides.target, TwoSides.FORWARD, Set.of(new TableName("public", "child")));
      sides.relay(BackfillTest.SMALL, faults);
      sides.awaitStreaming();
      sides.awaitCaughtUp();

      truncating.join();
      sides.assertEqual("parent", "child");
      assertThat(sides.rows(sides.service, "child")).isEmpty();
      assertThat(Collections.frequency(faults.reached(), "relay.recopy.begun")).isEqualTo(2);
    }
  }

  /** Truncates it on a thread of its own; returns once that is done, or waits for a lock. */
  private static void truncateChild(TwoSides sides, CompletableFuture<Void> truncating) {
    truncating.completeAsync(
        () -> {
          sides.shared.execute("truncate public.child");
          return null;
        });
    awaitQuery(sides.shared, "truncate%", truncating);
  }

  private static void awaitQuery(TestDatabase database, String query) {
    awaitQuery(database, query, new CompletableFuture<>());
  }

  /** Waits until a session is at such a statement, or it is done. */
  private static void awaitQuery(
      TestDatabase database, String query, CompletableFuture<Void> done) {
    long deadline = System.nanoTime() + TwoSides.PATIENCE.toNanos();
    while (!done.isDone()
        && database
            .queryOne(
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '"
                    + query
                    + "'")
            .equals("0")) {
      assertThat(System.nanoTime()).as("waiting for %s", query).isLessThan(deadline);
      LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
    }
  }
}
