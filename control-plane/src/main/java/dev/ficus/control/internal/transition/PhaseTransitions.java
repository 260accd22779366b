package dev.ficus.control.internal.transition;

import dev.ficus.control.internal.gate.CleanReconciliations;
import dev.ficus.control.internal.gate.MaxLag;
import dev.ficus.control.internal.gate.ShadowMismatches;
import dev.ficus.control.internal.gate.ShadowSamples;
import dev.ficus.core.Phase;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** All transitions but the flips. */
public final class PhaseTransitions {

  private PhaseTransitions() {}

  /** The transition to the next phase; empty for the flip and at the end. */
  public static Optional<Transition> onward(Phase from) {
    return switch (from) {
      case SHARED -> Optional.of(new Provision());
      case PROVISIONED -> Optional.of(new Copy());
      case COPYING -> Optional.of(new Follow());
      case FOLLOWING -> Optional.of(new StartDualWriting());
      case DUAL_WRITING -> Optional.of(new ShadowReads());
      case READS_SHADOWED ->
          Optional.of(
              new ChangeReads(
                  Phase.READS_MOVING,
                  1,
                  100,
                  () ->
                      List.of(
                          new ShadowSamples(),
                          new ShadowMismatches(),
                          new CleanReconciliations())));
      case READS_MOVING ->
          Optional.of(
              new ChangeReads(
                  Phase.READS_MOVED,
                  100,
                  100,
                  () -> List.of(new ShadowMismatches(), new MaxLag())));
      case WRITES_MOVED -> Optional.of(new Seal());
      case SEALED -> Optional.of(new Retire());
      case RETIRED -> Optional.of(new Drop(List.of(), Map.of()));
      case READS_MOVED, DROPPED -> Optional.empty();
    };
  }

  /** The transition to the phase before; empty for the flip and where there is no way back. */
  public static Optional<Transition> back(Phase from) {
    return switch (from) {
      case PROVISIONED -> Optional.of(new Unprovision());
      case COPYING, FOLLOWING -> Optional.of(new StopFollowing());
      case DUAL_WRITING -> Optional.of(new StopDualWriting());
      case READS_SHADOWED -> Optional.of(new ChangeReads(Phase.DUAL_WRITING, 0, 0, List::of));
      case READS_MOVING -> Optional.of(new ShadowReads());
      case READS_MOVED -> Optional.of(new ChangeReads(Phase.READS_MOVING, 0, 100, List::of));
      case SEALED -> Optional.of(new Unseal());
      case RETIRED -> Optional.of(new Unretire());
      case SHARED, WRITES_MOVED, DROPPED -> Optional.empty();
    };
  }
}
