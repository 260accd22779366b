package dev.ficus.reconciler;

import java.time.Duration;
import java.util.List;

/**
 * What a reconciliation proved.
 *
 * @param outcome the verdict
 * @param tables what came of each table, in the order given
 * @param findings the rows proved to differ, at most as many as the settings allow
 * @param reasons why the outcome is unknown, or why the run stopped early; empty where all was
 *     compared
 * @param duration how long it took
 */
public record Reconciliation(
    Outcome outcome,
    List<TableReconciliation> tables,
    List<Finding> findings,
    List<String> reasons,
    Duration duration) {

  public Reconciliation {
    tables = List.copyOf(tables);
    findings = List.copyOf(findings);
    reasons = List.copyOf(reasons);
  }

  /** The verdict. */
  public enum Outcome {
    /** Every row of every table was compared, and none is proved to differ or was left open. */
    CLEAN,
    /** At least one row is proved to differ, and nothing failed. */
    MISMATCH,
    /**
     * Something failed, was left out or ran out of time: nothing is said about what was not
     * compared. Findings, if any, are proved all the same.
     */
    UNKNOWN
  }

  /** Source rows compared in all tables. */
  public long rows() {
    return tables.stream().mapToLong(TableReconciliation::rows).sum();
  }
}
