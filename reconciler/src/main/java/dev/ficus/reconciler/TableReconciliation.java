package dev.ficus.reconciler;

import dev.ficus.core.TableName;
import java.time.Duration;

/**
 * What came of one table.
 *
 * @param table the table, by its name in the source
 * @param complete whether all of it was compared
 * @param rows source rows compared
 * @param chunks chunks compared
 * @param suspects rows that differed at first sight; most of them were on their way
 * @param mismatches rows proved to differ
 * @param unresolved rows that kept changing and could not be judged
 * @param duration how long it took
 */
public record TableReconciliation(
    TableName table,
    boolean complete,
    long rows,
    long chunks,
    long suspects,
    long mismatches,
    long unresolved,
    Duration duration) {

  /** Source rows compared in a second. */
  public double rowsPerSecond() {
    return rows * 1e9 / Math.max(1, duration.toNanos());
  }
}
