package dev.ficus.postgres;

/**
 * Where a stream stands; the control plane asks by the first and the fourth, the relay answers by
 * the others.
 */
public enum StreamState {
  /** The control plane wants it; no relay has begun. */
  REQUESTED,
  /** A relay holds the slot's snapshot and copies. */
  COPYING,
  /** A relay applies, or will again once it is restarted. */
  STREAMING,
  /** The control plane has ended it: nothing may be applied any more. */
  STOPPED,
  /** It met what only a person can decide; {@code failure} and {@code advice} say what. */
  FAILED
}
