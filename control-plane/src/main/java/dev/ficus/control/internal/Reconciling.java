package dev.ficus.control.internal;

import dev.ficus.control.ReconciliationRun;
import dev.ficus.control.ReconciliationRun.ComparedTable;
import dev.ficus.control.ReconciliationRun.Finding;
import dev.ficus.control.ReconciliationRun.Verdict;
import dev.ficus.control.internal.store.GroupRow;
import dev.ficus.control.internal.store.Journal;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.core.TableName;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.postgres.StreamTable;
import dev.ficus.reconciler.Reconciler;
import dev.ficus.reconciler.ReconcilerSettings;
import dev.ficus.reconciler.Reconciliation;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One comparison of a group's two sides, stored as evidence.
 *
 * <p>It takes no lock, since it may run long and changes nothing. A group that meanwhile entered
 * another copy or epoch makes it unknown, never clean (rule R17).
 */
public final class Reconciling {

  private static final Reconciliation ALONE =
      new Reconciliation(
          Reconciliation.Outcome.CLEAN,
          List.of(),
          List.of(),
          List.of("the shared tables are sealed: only loose foreign keys were checked"),
          Duration.ZERO);

  private final Work work;
  private final String actor;

  public Reconciling(Work work, String actor) {
    this.work = work;
    this.actor = actor;
  }

  /** Compares and stores. */
  public ReconciliationRun run() {
    GroupRow row = work.row();
    Side from = row.phase().writeSide();
    Reconciliation result = onlyOrphans(row) ? ALONE : compare(row, from);
    Orphans orphans = Orphans.of(work);

    GroupRow after = work.store().groups().load(work.name(), work.service().name());
    boolean sameCopy =
        after.epoch().equals(row.epoch()) && after.evidenceSince().equals(row.evidenceSince());
    Verdict verdict = sameCopy ? orphans.added(verdict(result)) : Verdict.UNKNOWN;
    String reason =
        sameCopy
            ? Stream.concat(result.reasons().stream(), orphans.reasons().stream())
                .collect(Collectors.joining("; "))
            : "the group moved to another copy while it was compared";
    ReconciliationRun run =
        work.store()
            .reconciliations()
            .store(
                row,
                verdict,
                reason,
                tables(result),
                Stream.concat(findings(result).stream(), orphans.findings().stream()).toList());
    work.store()
        .journal()
        .append(
            new Journal.Entry(work.name(), actor, "reconcile", row.phase(), row.phase()),
            Journal.Result.DONE,
            Map.of("verdict", verdict.name(), "rows", run.rows(), "reconciliation", run.id()));
    return run;
  }

  /** Loose foreign keys live on when the shared tables are sealed and there is no second side. */
  private boolean onlyOrphans(GroupRow row) {
    return row.phase().compareTo(Phase.SEALED) >= 0 && Orphans.mayBe(work);
  }

  private Reconciliation compare(GroupRow row, Side from) {
    StreamName name = work.streamFrom(from);
    StreamRow stream = stream(row, from, name);
    Set<TableName> carried =
        stream.tables().stream().map(StreamTable::source).collect(Collectors.toSet());
    if (!carried.equals(Set.copyOf(work.tables()))) {
      return new Reconciliation(
          Reconciliation.Outcome.UNKNOWN,
          List.of(),
          List.of(),
          List.of("stream " + name + " carries tables " + carried + " and not those of the group"),
          Duration.ZERO);
    }
    return new Reconciler(
            work.side(from), work.side(from.other()), name, ReconcilerSettings.DEFAULTS)
        .reconcile(stream.tables());
  }

  private StreamRow stream(GroupRow row, Side from, StreamName name) {
    Optional<StreamRow> stream =
        row.phase().stream().isPresent() ? work.streams(from.other()).find(name) : Optional.empty();
    if (stream.filter(it -> it.state() != StreamState.STREAMING).isPresent()) {
      throw new FicusException(
          ErrorKind.NEEDS_PERSON,
          "stream "
              + name
              + " is "
              + stream.get().state()
              + ", so the other side of group "
              + row.name()
              + " is not kept up to date and there is nothing to compare",
          "\"ficus streams\" says why and what to do");
    }
    return stream.orElseThrow(
        () ->
            new FicusException(
                ErrorKind.USAGE,
                "group "
                    + row.name()
                    + " is in "
                    + row.phase()
                    + " and has no stream that keeps its other side up to date, so there is"
                    + " nothing to compare",
                "reconcile from FOLLOWING to WRITES_MOVED; \"ficus status\" shows the streams"));
  }

  private static Verdict verdict(Reconciliation result) {
    return switch (result.outcome()) {
      case CLEAN -> Verdict.CLEAN;
      case MISMATCH -> Verdict.MISMATCH;
      case UNKNOWN -> Verdict.UNKNOWN;
    };
  }

  private static List<ComparedTable> tables(Reconciliation result) {
    return result.tables().stream()
        .map(table -> new ComparedTable(table.table(), table.rows(), table.mismatches()))
        .toList();
  }

  private static List<Finding> findings(Reconciliation result) {
    return result.findings().stream()
        .map(finding -> new Finding(finding.table(), finding.key(), finding.kind().name()))
        .toList();
  }
}
