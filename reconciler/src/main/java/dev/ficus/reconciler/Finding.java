package dev.ficus.reconciler;

import dev.ficus.core.TableName;

/**
 * One row that is proved to differ.
 *
 * @param table the table, by its name in the source
 * @param key the primary key's values in key order, as a JSON array; never any other value of the
 *     row (rule R20)
 * @param kind how it differs
 */
public record Finding(TableName table, String key, Kind kind) {

  /** How the target's row differs from the source's. */
  public enum Kind {
    /** The source has it, the target does not. */
    MISSING,
    /** The target has it, the source does not. */
    EXTRA,
    /** Both have it, with different values. */
    DIFFERENT
  }
}
