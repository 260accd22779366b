package dev.ficus.control.internal.transition;

import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.gate.Gate;
import dev.ficus.control.internal.gate.MaxLag;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.postgres.FenceState;
import java.util.List;

/** {@code FOLLOWING} to {@code DUAL_WRITING}: the relay guards before the first dual write. */
final class StartDualWriting implements Transition {

  @Override
  public Phase to() {
    return Phase.DUAL_WRITING;
  }

  @Override
  public List<Gate> gates(Work work) {
    return List.of(new MaxLag());
  }

  @Override
  public List<Step> prepare(Work work) {
    return List.of(
        StreamSteps.guard(
            work,
            "guard-stream",
            "Let stream " + work.streamFrom(Side.SHARED) + " write through guards",
            true),
        // Every apply reads the flag in its own transaction: what is applied past this marker was
        // guarded (rule R10).
        StreamSteps.awaitMarker(work, Side.SHARED),
        FenceSteps.move(work, Side.SERVICE, FenceState.DUAL));
  }

  @Override
  public List<Step> complete(Work work) {
    return RouteSteps.publishAndAwait(work);
  }
}
