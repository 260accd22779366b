package dev.ficus.demo.check;

/**
 * One way in which the final store breaks its word.
 *
 * @param damage what kind
 * @param what the subject, what was promised and what is there
 */
public record Finding(Damage damage, String what) {

  /** The kinds of damage. */
  public enum Damage {
    /** Acknowledged, or seeded, and not there. */
    LOST,
    /** There, though neither seeded nor ever asked for. */
    GHOST,
    /** There, in another state than the last acknowledged one. */
    STALE
  }

  @Override
  public String toString() {
    return damage.name().toLowerCase(java.util.Locale.ROOT) + ": " + what;
  }
}
