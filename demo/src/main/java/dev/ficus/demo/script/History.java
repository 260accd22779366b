package dev.ficus.demo.script;

import dev.ficus.control.Outcome;
import dev.ficus.control.ReconciliationRun;
import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.core.TableName;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What has happened so far, for the display, the summary and the JSON file. */
public final class History {

  private final Clock clock;
  private final Map<GroupName, List<Reached>> phases = new LinkedHashMap<>();
  private final Map<GroupName, List<TableName>> dropped = new LinkedHashMap<>();
  private final List<TableName> remaining = new ArrayList<>();
  private final List<Duration> pauses = new ArrayList<>();
  private final List<String> overridden = new ArrayList<>();
  private int flips;
  private int rollbacks;
  private int tablesReconciled;
  private long rowsReconciled;
  private long reconciliationMismatches;
  private int reconciliationsUnknown;
  private int refusalsShown;

  /** Begins now, with all groups in the shared database. */
  public History(Clock clock) {
    this.clock = clock;
    Reached start = new Reached(Phase.SHARED, clock.instant());
    for (GroupName group : StoreManifest.GROUPS) {
      phases.put(group, new ArrayList<>(List.of(start)));
    }
  }

  /**
   * A phase that a group has reached.
   *
   * @param phase the phase
   * @param at when
   */
  public record Reached(Phase phase, Instant at) {}

  /**
   * What was compared by reconciliations, all added up.
   *
   * @param tables tables compared
   * @param rows rows compared
   * @param mismatches confirmed mismatches
   * @param unknown runs that could not compare everything, however often they were repeated
   */
  public record Reconciled(int tables, long rows, long mismatches, int unknown) {}

  synchronized void moved(Outcome outcome) {
    phases
        .computeIfAbsent(outcome.group(), group -> new ArrayList<>())
        .add(new Reached(outcome.to(), clock.instant()));
    if (outcome.from().writeSide() != outcome.to().writeSide()) {
      if (outcome.to().writeSide() == Side.SERVICE) {
        flips++;
      } else {
        rollbacks++;
      }
      outcome.writePause().ifPresent(pauses::add);
    }
  }

  /**
   * Notes what a look into the shared database found in the end.
   *
   * @param gone the group's tables that are not there any more
   * @param left those that are
   */
  public synchronized void looked(GroupName group, List<TableName> gone, List<TableName> left) {
    dropped.put(group, List.copyOf(gone));
    remaining.addAll(left);
  }

  /** Notes a comparison, the last one of its kind if it was repeated. */
  synchronized void reconciled(ReconciliationRun run) {
    tablesReconciled += run.tables().size();
    rowsReconciled += run.rows();
    reconciliationMismatches +=
        run.tables().stream().mapToLong(ReconciliationRun.ComparedTable::mismatches).sum();
    if (run.verdict() == ReconciliationRun.Verdict.UNKNOWN) {
      reconciliationsUnknown++;
    }
  }

  synchronized void overridden(GroupName group, String gate) {
    overridden.add(group + " " + gate);
  }

  synchronized void refusalShown() {
    refusalsShown++;
  }

  /** The phases that a group went through, in order. */
  public synchronized List<Reached> phases(GroupName group) {
    return List.copyOf(phases.getOrDefault(group, List.of()));
  }

  /** The tables that the shared database still has in the end. */
  public synchronized List<TableName> remaining() {
    return List.copyOf(remaining);
  }

  /** The tables of a group that are gone from the shared database. */
  public synchronized List<TableName> dropped(GroupName group) {
    return dropped.getOrDefault(group, List.of());
  }

  /** How long neither side took writes, once for each flip, in either direction. */
  public synchronized List<Duration> pauses() {
    return List.copyOf(pauses);
  }

  /** How often writes moved to a service database. */
  public synchronized int flips() {
    return flips;
  }

  /** How often writes moved back. */
  public synchronized int rollbacks() {
    return rollbacks;
  }

  /** What reconciliations compared. */
  public synchronized Reconciled reconciled() {
    return new Reconciled(
        tablesReconciled, rowsReconciled, reconciliationMismatches, reconciliationsUnknown);
  }

  /** The gates that were overridden, each with its group. */
  public synchronized List<String> overridden() {
    return List.copyOf(overridden);
  }

  /** How often a drop was refused before its dependents were decided about. */
  public synchronized int refusalsShown() {
    return refusalsShown;
  }
}
