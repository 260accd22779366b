package dev.ficus.reconciler;

import java.time.Duration;

/**
 * Bounds of a reconciliation.
 *
 * @param chunkRows rows summed, and at most held in memory, at a time; 100 to 1,000,000
 * @param confirmRows suspect rows confirmed at a time; 1 to 10,000
 * @param tries how often a suspect row that keeps changing is looked at before it is given up; 2 to
 *     1,000
 * @param catchUp how long the stream may take to reach a marker
 * @param statementTimeout how long one query may run
 * @param maxFindings confirmed mismatches after which the run stops
 */
public record ReconcilerSettings(
    int chunkRows,
    int confirmRows,
    int tries,
    Duration catchUp,
    Duration statementTimeout,
    int maxFindings) {

  /** 10,000 rows a chunk, 20 tries, 30 seconds for the stream, 1 minute for a query. */
  public static final ReconcilerSettings DEFAULTS =
      new ReconcilerSettings(10_000, 500, 20, Duration.ofSeconds(30), Duration.ofMinutes(1), 1_000);

  public ReconcilerSettings {
    require("chunkRows", chunkRows, 100, 1_000_000);
    require("confirmRows", confirmRows, 1, 10_000);
    require("tries", tries, 2, 1_000);
    require("maxFindings", maxFindings, 1, 100_000);
    require("catchUp (ms)", catchUp.toMillis(), 1, 3_600_000);
    require("statementTimeout (ms)", statementTimeout.toMillis(), 1, 86_400_000);
  }

  private static void require(String field, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          field + " must be between " + least + " and " + most + ": " + value);
    }
  }
}
