package dev.ficus.control;

import dev.ficus.core.GroupName;
import dev.ficus.core.TableName;
import java.time.Instant;
import java.util.List;

/**
 * One stored comparison of both sides.
 *
 * @param id its number in the control store
 * @param group the group
 * @param at when it ended
 * @param verdict what it found
 * @param tables what was compared, table by table
 * @param findings the confirmed mismatches, at most the first thousand
 * @param reason why the verdict is {@code UNKNOWN}; empty otherwise
 */
public record ReconciliationRun(
    long id,
    GroupName group,
    Instant at,
    Verdict verdict,
    List<ComparedTable> tables,
    List<Finding> findings,
    String reason) {

  public ReconciliationRun {
    tables = List.copyOf(tables);
    findings = List.copyOf(findings);
  }

  /** What a comparison found (rule R17). */
  public enum Verdict {
    /** Every row was compared and is equal. */
    CLEAN,
    /** At least one mismatch is confirmed. */
    MISMATCH,
    /** An error, skip or time-out left something uncompared. */
    UNKNOWN
  }

  /**
   * One table.
   *
   * @param table the table
   * @param rows rows compared
   * @param mismatches confirmed mismatches
   */
  public record ComparedTable(TableName table, long rows, long mismatches) {}

  /**
   * One confirmed mismatch.
   *
   * @param table the table
   * @param key the row's key
   * @param kind {@code MISSING}, {@code EXTRA} or {@code DIFFERENT}, seen from the target; or
   *     {@code ORPHAN}, a row whose parent by a loose foreign key is gone
   */
  public record Finding(TableName table, String key, String kind) {}

  /** Rows compared in all tables. */
  public long rows() {
    return tables.stream().mapToLong(ComparedTable::rows).sum();
  }
}
