package dev.ficus.control.internal.transition;

import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.gate.CompleteFences;
import dev.ficus.control.internal.gate.Gate;
import dev.ficus.control.internal.store.GroupChange;
import dev.ficus.control.internal.store.GroupRow;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import java.util.ArrayList;
import java.util.List;

/** {@code PROVISIONED} to {@code COPYING}: the relay is asked for the forward stream. */
final class Copy implements Transition {

  @Override
  public Phase to() {
    return Phase.COPYING;
  }

  @Override
  public List<Gate> gates(Work work) {
    return List.of(new CompleteFences());
  }

  @Override
  public List<Step> prepare(Work work) {
    return List.of();
  }

  @Override
  public GroupChange change(GroupRow row) {
    return GroupChange.to(to(), row).renewingEvidence();
  }

  @Override
  public List<Step> complete(Work work) {
    List<Step> steps = new ArrayList<>();
    steps.add(StreamSteps.requestCopy(work, Side.SHARED));
    if (!work.group().references().isEmpty()) {
      steps.addAll(StreamSteps.installLooseForeignKeys(work));
      steps.add(StreamSteps.requestReferences(work));
    }
    steps.addAll(RouteSteps.publishAndAwait(work));
    return steps;
  }
}
