package dev.ficus.core;

/** One of the two databases that can hold a group's tables. */
public enum Side {
  /** The shared database that many services use today. */
  SHARED,
  /** The database owned by the group's service. */
  SERVICE;

  /** The opposite side. */
  public Side other() {
    return this == SHARED ? SERVICE : SHARED;
  }
}
