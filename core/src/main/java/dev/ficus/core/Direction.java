package dev.ficus.core;

/** Which way a stream carries committed changes. */
public enum Direction {
  /** From the shared database into the service database. */
  FORWARD,
  /** From the service database back into the shared one, which keeps the way back open. */
  REVERSE,
  /** From the owner of a table into another service's read-only copy of some of its columns. */
  REFERENCE;

  /** The stream that keeps {@code writeSide}'s opposite up to date. */
  public static Direction from(Side writeSide) {
    return writeSide == Side.SHARED ? FORWARD : REVERSE;
  }
}
