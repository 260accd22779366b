package dev.ficus.reconciler;

import dev.ficus.postgres.Database;
import dev.ficus.postgres.Marker;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.SqlErrors;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.Streams;
import dev.ficus.reconciler.Reconciliation.Outcome;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares the tables of a stream's source and target while both change (rule R17).
 *
 * <p>Chunks are compared by count and two sums of row hashes; rows of a differing chunk by their
 * hashes; suspects are confirmed past a marker. It writes nothing but markers.
 */
public final class Reconciler {

  private static final Logger LOG = LoggerFactory.getLogger(Reconciler.class);

  private final Database source;
  private final Database target;
  private final StreamName stream;
  private final ReconcilerSettings settings;

  /**
   * @param source the side that is written
   * @param target the side that the stream feeds
   * @param stream the stream, whose row is in the target
   */
  public Reconciler(
      Database source, Database target, StreamName stream, ReconcilerSettings settings) {
    this.source = source;
    this.target = target;
    this.stream = stream;
    this.settings = settings;
  }

  /**
   * Compares the tables one after another. A failure never throws: it makes the outcome {@link
   * Outcome#UNKNOWN}, with the reason.
   */
  public Reconciliation reconcile(List<StreamTable> tables) {
    long started = System.nanoTime();
    Run run = new Run();
    if (tables.isEmpty()) {
      run.reasons.add("no tables were given: nothing was compared");
    } else if (run.streamMoves()) {
      tables.forEach(run::table);
    }
    Reconciliation result =
        new Reconciliation(
            run.outcome(),
            run.results,
            run.findings,
            run.reasons,
            Duration.ofNanos(System.nanoTime() - started));
    if (result.outcome() == Outcome.CLEAN) {
      LOG.info(
          "stream {}: {} rows compared in {}, clean", stream, result.rows(), result.duration());
    } else {
      LOG.warn(
          "stream {}: {} rows compared in {}, {}: {} mismatches; {}",
          stream,
          result.rows(),
          result.duration(),
          result.outcome(),
          result.findings().size(),
          result.reasons());
    }
    return result;
  }

  /** What one run gathers. */
  private final class Run {

    private final Seeds seeds = Seeds.random();
    private final Streams streams = new Streams(target);
    private final List<TableReconciliation> results = new ArrayList<>();
    private final List<Finding> findings = new ArrayList<>();
    private final List<String> reasons = new ArrayList<>();
    private boolean failed;

    /** Without a stream that moves, equal sides would only be stale together. */
    private boolean streamMoves() {
      try {
        streams.awaitPosition(stream, Marker.write(source), settings.catchUp());
        return true;
      } catch (PostgresException e) {
        fail("before any table: " + e.getMessage());
        return false;
      }
    }

    private void table(StreamTable table) {
      int room = settings.maxFindings() - findings.size();
      if (room <= 0) {
        fail(
            "table "
                + table.source()
                + " was left out: the run stopped at "
                + findings.size()
                + " findings");
        return;
      }
      try (SideReader here = new SideReader(source, TableView.ofSource(table), seeds, settings);
          SideReader there = new SideReader(target, TableView.ofTarget(table), seeds, settings);
          Confirmation confirmation =
              new Confirmation(source, here, there, streams, stream, settings)) {
        compare(
            table, new TableComparison(table.source(), here, there, confirmation, settings, room));
      } catch (SQLException e) {
        fail("table " + table.source() + ": " + SqlErrors.describe(e));
      } catch (PostgresException e) {
        fail("table " + table.source() + ": " + e.getMessage());
      }
    }

    private void compare(StreamTable table, TableComparison comparison) throws SQLException {
      try {
        comparison.run();
      } finally {
        // What was found before a failure is proved all the same.
        findings.addAll(comparison.findings());
        results.add(comparison.result());
      }
      if (comparison.unresolved() > 0) {
        fail(
            "table "
                + table.source()
                + ": "
                + comparison.unresolved()
                + " rows kept changing through "
                + settings.tries()
                + " tries and could not be judged");
      }
      if (comparison.stoppedEarly()) {
        reasons.add(
            "table "
                + table.source()
                + ": stopped at the bound of "
                + settings.maxFindings()
                + " findings; there may be more");
      }
    }

    private void fail(String reason) {
      failed = true;
      reasons.add(reason);
    }

    private Outcome outcome() {
      if (failed || results.isEmpty()) {
        return Outcome.UNKNOWN;
      }
      if (!findings.isEmpty()) {
        return Outcome.MISMATCH;
      }
      return results.stream().allMatch(TableReconciliation::complete)
          ? Outcome.CLEAN
          : Outcome.UNKNOWN;
    }
  }
}
