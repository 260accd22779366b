package dev.ficus.reconciler;

import java.math.BigDecimal;

/**
 * What is compared of a chunk.
 *
 * <p>Sums, not XOR: two equal corruptions cancel in XOR. Two seeds, since one 64-bit hash of many
 * rows can collide.
 *
 * @param rows how many rows
 * @param first the sum of the rows' hashes
 * @param second the sum of their hashes by another seed
 */
record Sums(long rows, BigDecimal first, BigDecimal second) {

  boolean matches(Sums other) {
    return rows == other.rows
        && first.compareTo(other.first) == 0
        && second.compareTo(other.second) == 0;
  }
}
