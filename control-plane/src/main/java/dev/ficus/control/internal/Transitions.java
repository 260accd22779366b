package dev.ficus.control.internal;

import dev.ficus.control.internal.flip.MoveWrites;
import dev.ficus.control.internal.transition.PhaseTransitions;
import dev.ficus.control.internal.transition.Transition;
import dev.ficus.core.Phase;
import java.util.Optional;

/** Which transition leads from one phase to another. */
final class Transitions {

  private Transitions() {}

  /** The one that {@code advance} takes; empty at the end. */
  static Optional<Transition> onward(Phase from) {
    return from == Phase.READS_MOVED
        ? Optional.of(new MoveWrites(Phase.WRITES_MOVED))
        : PhaseTransitions.onward(from);
  }

  /** The one that {@code rollback} takes; empty where there is no way back. */
  static Optional<Transition> back(Phase from) {
    return from == Phase.WRITES_MOVED
        ? Optional.of(new MoveWrites(Phase.READS_MOVED))
        : PhaseTransitions.back(from);
  }

  /** The one that led into a phase. */
  static Transition between(Phase from, Phase to) {
    return onward(from)
        .filter(it -> it.to() == to)
        .or(() -> back(from).filter(it -> it.to() == to))
        .orElseThrow(
            () -> new IllegalStateException("no transition leads from " + from + " to " + to));
  }
}
