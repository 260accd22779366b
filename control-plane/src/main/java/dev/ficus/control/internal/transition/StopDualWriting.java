package dev.ficus.control.internal.transition;

import dev.ficus.control.internal.Work;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.postgres.FenceState;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code DUAL_WRITING} back to {@code FOLLOWING}: guards stay until the last dual write cannot
 * come.
 */
final class StopDualWriting implements Transition {

  @Override
  public Phase to() {
    return Phase.FOLLOWING;
  }

  @Override
  public List<Step> prepare(Work work) {
    return List.of();
  }

  @Override
  public List<Step> complete(Work work) {
    List<Step> steps = new ArrayList<>();
    steps.add(RouteSteps.publish(work));
    // The fence waits for dual writes in flight and refuses later ones; only then may guards go,
    // those that are there with them: see Streams.guard.
    steps.add(FenceSteps.move(work, Side.SERVICE, FenceState.CLOSED));
    steps.add(
        StreamSteps.guard(
            work,
            "unguard-stream",
            "Let stream " + work.streamFrom(Side.SHARED) + " write without guards",
            false));
    steps.add(RouteSteps.await(work));
    return steps;
  }
}
