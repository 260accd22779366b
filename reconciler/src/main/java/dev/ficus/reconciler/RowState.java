package dev.ficus.reconciler;

import java.util.Objects;

/**
 * One row as one side has it, without its values.
 *
 * @param shownKey the key as a JSON array, for findings
 * @param version the transaction that wrote this version of the row (xmin): equal versions of one
 *     key mean that the row was not touched in between
 * @param first a hash of the row's text
 * @param second another, independently seeded
 */
record RowState(String shownKey, String version, long first, long second) {

  boolean sameValues(RowState other) {
    return first == other.first && second == other.second;
  }

  boolean sameVersion(RowState other) {
    return Objects.equals(version, other.version) && sameValues(other);
  }
}
