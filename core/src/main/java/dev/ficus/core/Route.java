package dev.ficus.core;

/**
 * What a service's library obeys for a group.
 *
 * @param group the group
 * @param version rises by at least one with each publication; the highest seen wins
 * @param phase bounds all the rest
 * @param epoch the group's count of write cutovers
 * @param readPercentage 0 to 100: how many of a hundred routing keys read the side that is not
 *     written, where the phase moves reads
 * @param shadowPercentage 0 to 100: how many of a hundred reads are compared on both sides, where
 *     the phase shadows reads
 * @param killSwitch true sends every read to the write side at once
 */
public record Route(
    GroupName group,
    long version,
    Phase phase,
    Epoch epoch,
    int readPercentage,
    int shadowPercentage,
    boolean killSwitch) {

  public Route {
    requirePercentage("readPercentage", readPercentage);
    requirePercentage("shadowPercentage", shadowPercentage);
    if (version < 1) {
      throw new IllegalArgumentException(
          "route version of " + group + " must be at least 1: " + version);
    }
  }

  /** The side that is written. */
  public Side writeSide() {
    return phase.writeSide();
  }

  /** The percentage that holds after phase and kill switch have had their say. */
  public int effectiveReadPercentage() {
    return killSwitch || !phase.movesReads() ? 0 : readPercentage;
  }

  /** The sampling percentage that holds after phase and kill switch have had their say. */
  public int effectiveShadowPercentage() {
    return killSwitch || !phase.shadowsReads() ? 0 : shadowPercentage;
  }

  private static void requirePercentage(String field, int value) {
    if (value < 0 || value > 100) {
      throw new IllegalArgumentException(field + " must lie between 0 and 100: " + value);
    }
  }
}
