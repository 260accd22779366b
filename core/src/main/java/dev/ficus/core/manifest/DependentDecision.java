package dev.ficus.core.manifest;

/** What becomes of an object of the shared database that depends on a table about to be dropped. */
public enum DependentDecision {
  /** It is dropped together with the table. */
  DROP
}
