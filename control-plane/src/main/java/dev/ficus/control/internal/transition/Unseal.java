package dev.ficus.control.internal.transition;

import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.gate.SealedCopy;
import dev.ficus.control.internal.store.GroupChange;
import dev.ficus.control.internal.store.GroupRow;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.postgres.FenceState;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code SEALED} back to {@code WRITES_MOVED}: the shared tables are copied anew from the service
 * database and followed again.
 */
final class Unseal implements Transition {

  @Override
  public Phase to() {
    return Phase.WRITES_MOVED;
  }

  @Override
  public List<Step> prepare(Work work) {
    List<Step> steps = new ArrayList<>();
    if (Retire.areAside(work)) {
      // Whoever died in retiring them had not decided that they are retired.
      steps.add(Unretire.renameBack(work));
    }
    steps.addAll(copyBack(work));
    return steps;
  }

  private static List<Step> copyBack(Work work) {
    return List.of(
        // From here on the shared tables are empty or half copied: they must not be archived.
        Step.of(
            "break-seal",
            "Note that the shared tables are being copied anew",
            () -> SealedCopy.breakSeal(work)),
        StreamSteps.requestCopy(work, Side.SERVICE),
        StreamSteps.awaitCopied(work, Side.SERVICE),
        StreamSteps.awaitMarker(work, Side.SERVICE));
  }

  @Override
  public GroupChange change(GroupRow row) {
    return GroupChange.to(to(), row).renewingEvidence();
  }

  @Override
  public List<Step> complete(Work work) {
    return List.of(
        FenceSteps.move(work, Side.SHARED, FenceState.CLOSED),
        RouteSteps.publish(work),
        RouteSteps.await(work));
  }
}
