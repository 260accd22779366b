package dev.ficus.control.internal.transition;

import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.gate.Gate;
import dev.ficus.control.internal.store.GroupChange;
import dev.ficus.control.internal.store.GroupRow;
import dev.ficus.core.Phase;
import java.util.List;
import java.util.function.Supplier;

/**
 * The transitions that only change what the route lets reads do.
 *
 * @param to the phase that it enters
 * @param readPercentage the read percentage from then on
 * @param shadowPercentage the shadow percentage from then on
 * @param conditions its gates
 */
record ChangeReads(
    Phase to, int readPercentage, int shadowPercentage, Supplier<List<Gate>> conditions)
    implements Transition {

  @Override
  public List<Gate> gates(Work work) {
    return conditions.get();
  }

  @Override
  public List<Step> prepare(Work work) {
    return List.of();
  }

  @Override
  public GroupChange change(GroupRow row) {
    return GroupChange.to(to, row).withReads(readPercentage, shadowPercentage);
  }

  @Override
  public List<Step> complete(Work work) {
    return RouteSteps.publishAndAwait(work);
  }
}
