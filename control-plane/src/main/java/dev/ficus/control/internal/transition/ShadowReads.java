package dev.ficus.control.internal.transition;

import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.gate.ShadowMismatches;
import dev.ficus.control.internal.gate.ShadowSamples;
import dev.ficus.control.internal.store.GroupChange;
import dev.ficus.control.internal.store.GroupRow;
import dev.ficus.core.Phase;
import java.util.List;

/**
 * {@code DUAL_WRITING} to {@code READS_SHADOWED}, or back to it from {@code READS_MOVING}: sampled
 * reads run on both sides.
 */
final class ShadowReads implements Transition {

  @Override
  public Phase to() {
    return Phase.READS_SHADOWED;
  }

  @Override
  public List<Step> prepare(Work work) {
    return List.of(
        Step.of(
            "shadow-baseline",
            "Note what the instances have compared so far",
            () -> {
              ShadowSamples.begin(work);
              ShadowMismatches.begin(work);
            }));
  }

  @Override
  public GroupChange change(GroupRow row) {
    return GroupChange.to(to(), row).withReads(0, 100);
  }

  @Override
  public List<Step> complete(Work work) {
    return RouteSteps.publishAndAwait(work);
  }
}
