package dev.ficus.control.internal.transition;

import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.gate.CarriedDeletes;
import dev.ficus.control.internal.gate.CleanReconciliations;
import dev.ficus.control.internal.gate.Gate;
import dev.ficus.control.internal.gate.SealedCopy;
import dev.ficus.control.internal.references.LooseForeignKeys;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.postgres.FenceState;
import java.util.List;

/**
 * {@code WRITES_MOVED} to {@code SEALED}: the shared tables are no longer fed and refuse writes.
 */
final class Seal implements Transition {

  @Override
  public Phase to() {
    return Phase.SEALED;
  }

  @Override
  public List<Gate> gates(Work work) {
    return LooseForeignKeys.concerning(work).isEmpty()
        ? List.of(new CleanReconciliations())
        : List.of(new CleanReconciliations(), new CarriedDeletes(to()));
  }

  @Override
  public List<Step> prepare(Work work) {
    return List.of(StreamSteps.awaitMarker(work, Side.SERVICE));
  }

  @Override
  public List<Step> complete(Work work) {
    Step publish = RouteSteps.publish(work);
    return List.of(
        publish,
        FenceSteps.move(work, Side.SHARED, FenceState.SEALED),
        StreamSteps.end(work, Side.SERVICE),
        Step.of(
            "note-seal",
            "Note that the shared tables are whole and sealed",
            () -> SealedCopy.note(work)),
        RouteSteps.await(work));
  }
}
