package dev.ficus.control.internal.transition;

import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.references.ReferenceStreams;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import java.util.ArrayList;
import java.util.List;

/** {@code COPYING} to {@code FOLLOWING}: the service database is a past state of the shared one. */
final class Follow implements Transition {

  @Override
  public Phase to() {
    return Phase.FOLLOWING;
  }

  @Override
  public List<Step> prepare(Work work) {
    List<Step> steps = new ArrayList<>();
    steps.add(StreamSteps.awaitCopied(work, Side.SHARED));
    if (!work.group().references().isEmpty()) {
      steps.add(
          Step.of(
              "await-references",
              "Wait until the reference copies are there",
              () -> ReferenceStreams.awaitCopies(work)));
    }
    steps.add(StreamSteps.awaitMarker(work, Side.SHARED));
    return steps;
  }

  @Override
  public List<Step> complete(Work work) {
    return RouteSteps.publishAndAwait(work);
  }
}
