package dev.ficus.postgres;

import java.util.Locale;

/** What a group's fence lets in, in one database. */
public enum FenceState {
  /** The group's writes come in. */
  OPEN,
  /** Guarded dual writes of the fence's epoch come in, and nothing else. */
  DUAL,
  /** Nothing comes in until the flip ends. */
  CLOSED,
  /** Nothing comes in for good. */
  SEALED;

  /** The word stored in {@code ficus.fence.state}. */
  String stored() {
    return name().toLowerCase(Locale.ROOT);
  }

  static FenceState of(String stored) {
    return valueOf(stored.toUpperCase(Locale.ROOT));
  }
}
