package dev.ficus.control.internal;

import dev.ficus.control.Plan;
import dev.ficus.control.Plan.PlannedStep;
import dev.ficus.control.internal.store.Flips.Flip;
import dev.ficus.control.internal.store.GroupChange;
import dev.ficus.control.internal.store.GroupRow;
import dev.ficus.control.internal.transition.Step;
import dev.ficus.control.internal.transition.Transition;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Says what the next {@code advance} would do; it reads catalogs and changes nothing. */
public final class Planner {

  private Planner() {}

  /** The plan of one group. */
  public static Plan plan(Work work) {
    GroupRow row = work.row();
    Optional<Flip> undecided = undecided(work);
    if (undecided.isPresent()) {
      return new Plan(
          row.name(),
          row.phase(),
          row.phase(),
          List.of(),
          List.of(
              new PlannedStep(
                  "Give up the flip: open the fence in "
                      + work.side(row.phase().writeSide()).name()
                      + " again, and drop what was prepared",
                  List.of())),
          Optional.of(
              "a flip into "
                  + undecided.get().to()
                  + " was begun and is not decided; unless its command still runs, advance first"
                  + " gives it up"));
    }
    if (!row.settled()) {
      return new Plan(
          row.name(),
          row.cameFrom(),
          row.phase(),
          List.of(),
          Transitions.between(row.cameFrom(), row.phase()).complete(work).stream()
              .map(Step::planned)
              .toList(),
          Optional.of("the group has entered " + row.phase() + "; advance first finishes that"));
    }
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
    steps.add(transition.decision(work).planned());
    Work after = work.with(after(row, transition.change(row)));
    transition.complete(after).stream().map(Step::planned).forEach(steps::add);
    return new Plan(
        row.name(),
        row.phase(),
        transition.to(),
        transition.gates(work).stream().map(gate -> gate.judge(work)).toList(),
        steps,
        Optional.empty());
  }

  /** A flip that has begun, or was given up and is not taken back. */
  static Optional<Flip> undecided(Work work) {
    return work.store().flips().unfinished(work.name()).filter(flip -> !flip.decided());
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
