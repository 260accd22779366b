package dev.ficus.postgres;

import java.util.Locale;

/**
 * What an instance of a service counts for one group; the names are the columns of {@code
 * ficus.instance}.
 */
public enum Counter {
  /** Declared reads answered by the shared database. */
  READS_SHARED,
  /** Declared reads answered by the service database. */
  READS_SERVICE,
  /**
   * Reads meant for the side that is not written, answered by the write side: too stale, or failed.
   */
  READS_FALLEN_BACK,
  /** Sampled reads compared on both sides, to a definite result. */
  SHADOW_COMPARED,
  /** Comparisons whose difference was confirmed. */
  SHADOW_MISMATCHES,
  /** Samples that could not be compared: a side did not answer, or the rows kept changing. */
  SHADOW_UNRESOLVED,
  /** Transactions written to the other side as well. */
  DUAL_WRITES,
  /** Transactions left to the stream: dropped, late, refused or too large. */
  DUAL_WRITES_LEFT,
  /** Declared writes that met a closed fence and waited. */
  FENCE_WAITS;

  String column() {
    return name().toLowerCase(Locale.ROOT);
  }
}
