package dev.ficus.control.internal.transition;

import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.store.GroupChange;
import dev.ficus.control.internal.store.GroupRow;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.postgres.FenceState;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code COPYING} or {@code FOLLOWING} back to {@code PROVISIONED}: the stream ends, the tables are
 * empty again.
 */
final class StopFollowing implements Transition {

  @Override
  public Phase to() {
    return Phase.PROVISIONED;
  }

  @Override
  public List<Step> prepare(Work work) {
    return List.of();
  }

  @Override
  public GroupChange change(GroupRow row) {
    return GroupChange.to(to(), row).withReads(0, 0).renewingEvidence();
  }

  @Override
  public List<Step> complete(Work work) {
    List<Step> steps = new ArrayList<>(RouteSteps.publishAndAwait(work));
    // An advance towards dual writing may have died after it had let dual writes in.
    steps.add(FenceSteps.move(work, Side.SERVICE, FenceState.CLOSED));
    steps.add(StreamSteps.end(work, Side.SHARED));
    if (!work.group().references().isEmpty()) {
      steps.add(StreamSteps.endReferences(work));
    }
    steps.add(StreamSteps.truncate(work));
    return steps;
  }
}
