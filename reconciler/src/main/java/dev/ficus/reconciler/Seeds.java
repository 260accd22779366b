package dev.ficus.reconciler;

import java.security.SecureRandom;

/**
 * Seeds of the two row hashes, new for each run: rows that collide in one run do not in the next.
 *
 * @param first the first
 * @param second the second
 */
record Seeds(long first, long second) {

  static Seeds random() {
    SecureRandom random = new SecureRandom();
    return new Seeds(random.nextLong(), random.nextLong());
  }
}
