package dev.ficus.core;

/**
 * A group's count of write cutovers; it orders LSNs of different databases.
 *
 * @param value 1 before the first cutover, and one more after each
 */
public record Epoch(long value) implements Comparable<Epoch> {

  /** The epoch of a group whose writes have never moved. */
  public static final Epoch FIRST = new Epoch(1);

  public Epoch {
    if (value < 1) {
      throw new IllegalArgumentException("epoch must be at least 1: " + value);
    }
  }

  /** The epoch after the next write cutover. */
  public Epoch next() {
    return new Epoch(value + 1);
  }

  @Override
  public int compareTo(Epoch other) {
    return Long.compare(value, other.value);
  }

  @Override
  public String toString() {
    return Long.toString(value);
  }
}
