package dev.ficus.control;

/**
 * One thing that {@code ficus doctor} found.
 *
 * @param severity what it means for the migration
 * @param check which check found it
 * @param where the database, by the manifest's name
 * @param what what was found
 * @param why what it does to the migration
 * @param next what to do about it
 */
public record Finding(
    Severity severity, String check, String where, String what, String why, String next) {

  /** What a finding means for the migration. */
  public enum Severity {
    /** The migration would stop at it. */
    STOPS,
    /** The migration goes on, at a price that the finding names. */
    COSTS,
    /** Good to know. */
    NOTE
  }
}
