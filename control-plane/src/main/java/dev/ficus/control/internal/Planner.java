package dev.ficus.control.internal;

import dev.ficus.control.Plan;
import dev.ficus.control.Plan.PlannedStep;
import dev.ficus.control.internal.store.GroupChange;
import dev.ficus.control.internal.store.GroupRow;
import dev.ficus.control.internal.transition.Step;
import dev.ficus.control.internal.transition.Transition;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import java.util.ArrayList;
import java.util.List;

/** Says what the next {@code advance} would do; it reads catalogs and changes nothing. */
public final class Planner {

  private Planner() {}

  /** The plan of one group. */
  public static Plan plan(Work work) {
    GroupRow row = work.row();
    Transition transition =
        Transitions.onward(row.phase(), work.group())
            .orElseThrow(
                () ->
                    new FicusException(
                        ErrorKind.USAGE,
                        "group " + row.name() + " is in " + row.phase() + ", the last phase",
                        "nothing is left to do"));
    List<PlannedStep> steps = new ArrayList<>();
    transition.prepare(work).stream().map(Step::planned).forEach(steps::add);
    steps.add(new PlannedStep(transition.decision(work).title(), List.of()));
    Work after = work.with(after(row, transition.change(row)));
    transition.complete(after).stream().map(Step::planned).forEach(steps::add);
    return new Plan(
        row.name(),
        row.phase(),
        transition.to(),
        transition.gates(work).stream().map(gate -> gate.judge(work)).toList(),
        steps);
  }

  private static GroupRow after(GroupRow row, GroupChange change) {
    return new GroupRow(
        row.name(),
        row.service(),
        change.phase(),
        row.phase(),
        false,
        change.epoch(),
        row.routeVersion() + 1,
        change.readPercentage(),
        change.shadowPercentage(),
        change.killSwitch(),
        row.phaseSince(),
        row.evidenceSince());
  }
}
