package dev.ficus.control.internal.store;

import dev.ficus.core.Epoch;
import dev.ficus.core.Phase;

/**
 * What a decision changes in a group's row.
 *
 * @param phase the phase it enters or stays in
 * @param epoch its epoch from now on
 * @param readPercentage the route's read percentage from now on
 * @param shadowPercentage the route's shadow percentage from now on
 * @param killSwitch the route's kill switch from now on
 * @param renewsEvidence whether evidence must be gathered anew, since another copy is there now
 */
public record GroupChange(
    Phase phase,
    Epoch epoch,
    int readPercentage,
    int shadowPercentage,
    boolean killSwitch,
    boolean renewsEvidence) {

  /** Enters a phase and leaves the rest as it is. */
  public static GroupChange to(Phase phase, GroupRow row) {
    return new GroupChange(
        phase, row.epoch(), row.readPercentage(), row.shadowPercentage(), row.killSwitch(), false);
  }

  /** The same with other percentages. */
  public GroupChange withReads(int read, int shadow) {
    return new GroupChange(phase, epoch, read, shadow, killSwitch, renewsEvidence);
  }

  /** The same at another epoch. */
  public GroupChange withEpoch(Epoch other) {
    return new GroupChange(
        phase, other, readPercentage, shadowPercentage, killSwitch, renewsEvidence);
  }

  /** The same, and evidence must be gathered anew. */
  public GroupChange renewingEvidence() {
    return new GroupChange(phase, epoch, readPercentage, shadowPercentage, killSwitch, true);
  }

  /** The same with the kill switch on or off. */
  public GroupChange withKillSwitch(boolean on) {
    return new GroupChange(phase, epoch, readPercentage, shadowPercentage, on, renewsEvidence);
  }
}
