package dev.ficus.control.internal;

import dev.ficus.control.internal.flip.MoveWrites;
import dev.ficus.control.internal.transition.PhaseTransitions;
import dev.ficus.control.internal.transition.Transition;
import dev.ficus.core.Phase;
import dev.ficus.core.manifest.Group;
import java.util.Optional;

/** Which transition leads from one phase to another. */
final class Transitions {

  private Transitions() {}

  /** The one that {@code advance} takes; empty at the end. */
  static Optional<Transition> onward(Phase from, Group group) {
    return from == group.beforeFlip() || from == Phase.READS_MOVED
        ? Optional.of(new MoveWrites(Phase.WRITES_MOVED))
        : PhaseTransitions.onward(from);
  }

  /** The one that {@code rollback} takes; empty where there is no way back. */
  static Optional<Transition> back(Phase from, Group group) {
    return from == Phase.WRITES_MOVED
        ? Optional.of(new MoveWrites(group.beforeFlip()))
        : PhaseTransitions.back(from);
  }

  /** The one that led into a phase, whatever the manifest says of the group by now. */
  static Transition between(Phase from, Phase to) {
    if (from.writeSide() != to.writeSide()) {
      return new MoveWrites(to);
    }
    return PhaseTransitions.onward(from)
        .filter(it -> it.to() == to)
        .or(() -> PhaseTransitions.back(from).filter(it -> it.to() == to))
        .orElseThrow(
            () -> new IllegalStateException("no transition leads from " + from + " to " + to));
  }
}
