package dev.ficus.control.internal;

import dev.ficus.control.GateOverride;
import dev.ficus.control.GateRefusedException;
import dev.ficus.control.GateResult;
import dev.ficus.control.Outcome;
import dev.ficus.control.Outcome.StepTaken;
import dev.ficus.control.Progress;
import dev.ficus.control.internal.flip.GiveUp;
import dev.ficus.control.internal.flip.Overtaken;
import dev.ficus.control.internal.gate.Gate;
import dev.ficus.control.internal.store.Flips.Flip;
import dev.ficus.control.internal.store.GroupChange;
import dev.ficus.control.internal.store.GroupRow;
import dev.ficus.control.internal.store.Journal;
import dev.ficus.control.internal.transition.RouteSteps;
import dev.ficus.control.internal.transition.Step;
import dev.ficus.control.internal.transition.Transition;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.Phase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Runs one command on one group, under its lock: first what an earlier process left unfinished,
 * then gates, steps, decision, steps; each in the journal.
 */
public final class Conductor {

  private final Work work;
  private final String actor;
  private final Consumer<Progress> progress;
  private final List<StepTaken> taken = new ArrayList<>();

  public Conductor(Work work, String actor, Consumer<Progress> progress) {
    this.work = work;
    this.actor = actor;
    this.progress = progress;
  }

  /** Goes one phase on, or finishes the step on that was begun. */
  public Outcome advance(Optional<Transition> given, List<GateOverride> overrides) {
    Work now = afterCrash(work);
    if (!now.row().settled()) {
      return finish(now, "advance", false);
    }
    Phase from = now.row().phase();
    Transition transition =
        given
            .or(() -> Transitions.onward(from, now.group()))
            .orElseThrow(
                () ->
                    usage(
                        "group " + now.name() + " is in " + from + ", the last phase",
                        "nothing is left to do"));
    return run(now, transition, "advance", overrides);
  }

  /** Goes one phase back. */
  public Outcome rollback(List<GateOverride> overrides) {
    Work now = afterCrash(work);
    if (!now.row().settled()) {
      boolean back = wentBack(now.row());
      Outcome finished = finish(now, "rollback", !back);
      if (back) {
        return finished;
      }
      now = now.reread();
    }
    Phase from = now.row().phase();
    Work ready = now;
    Transition transition =
        Transitions.back(from, ready.group())
            .orElseThrow(
                () ->
                    usage(
                        "there is no way back from " + from + " for group " + ready.name(),
                        from == Phase.DROPPED
                            ? "restore the tables from the archive by hand, as its RESTORE.md says"
                            : "nothing is left to undo"));
    return run(ready, transition, "rollback", overrides);
  }

  /** Finishes or gives up a flip whose command has died; false if there is none. */
  public boolean endAbandonedFlip() {
    Optional<Flip> flip = work.store().flips().unfinished(work.name());
    if (flip.isEmpty()) {
      return false;
    }
    Work now = afterCrash(work);
    if (!now.row().settled()) {
      finish(now, wentBack(now.row()) ? "rollback" : "advance", false);
    }
    return true;
  }

  /**
   * Changes what the route lets reads do within the phase. What an earlier process left unfinished
   * is left: an emergency may be about the very database that it would be finished in.
   */
  public Outcome changeRoute(String command, UnaryOperator<GroupChange> change) {
    Phase phase = work.row().phase();
    return journaled(
        work,
        new Journal.Entry(work.name(), actor, command, phase, phase),
        Map.of(),
        () -> {
          GroupChange wanted = change.apply(GroupChange.to(phase, work.row()));
          GroupRow[] changed = new GroupRow[1];
          step(
              work,
              Step.of(
                  "change-route",
                  "Decide: " + command,
                  () -> changed[0] = work.store().groups().change(work.row(), wanted)));
          Work after = work.with(changed[0]);
          String decided = "the route of group " + after.name() + " has changed";
          follow(after, RouteSteps.publish(after), decided);
          follow(after, RouteSteps.await(after), decided);
          return outcome(after, phase, phase);
        });
  }

  private static boolean wentBack(GroupRow row) {
    return row.phase().compareTo(row.cameFrom()) < 0;
  }

  private static FicusException usage(String what, String next) {
    return new FicusException(ErrorKind.USAGE, what, next);
  }

  /** Reopens the old side after a flip whose process died before the decision. */
  private Work afterCrash(Work before) {
    Optional<Flip> flip = before.store().flips().unfinished(before.name());
    if (flip.isEmpty() || flip.get().decided()) {
      if (before.row().settled() && before.row().phase() != Phase.SHARED) {
        // A process may have died between a change of the route and its publication.
        RouteSteps.publishNow(before, before.row());
        new Overtaken(before).steps().forEach(step -> step(before, step));
      }
      return before;
    }
    Phase phase = before.row().phase();
    journaled(
        before,
        new Journal.Entry(before.name(), actor, "give up flip", phase, phase),
        Map.of("toPhase", flip.get().to().name()),
        () -> {
          step(
              before,
              Step.of(
                  "give-up-flip",
                  "Give up the flip that an earlier command left undecided",
                  () -> new GiveUp(before, flip.get()).afterCrash()));
          return outcome(before, phase, phase);
        });
    return before.reread();
  }

  /** Does what is left of a transition that was decided. */
  private Outcome finish(Work now, String command, boolean hurried) {
    Phase from = now.row().cameFrom();
    Phase to = now.row().phase();
    return journaled(
        now,
        new Journal.Entry(now.name(), actor, command + " (finishing)", from, to),
        Map.of(),
        () -> {
          complete(now, Transitions.between(from, to), hurried);
          return outcome(now, from, to);
        });
  }

  private Outcome run(
      Work now, Transition transition, String command, List<GateOverride> overrides) {
    Phase from = now.row().phase();
    Journal.Entry entry = new Journal.Entry(now.name(), actor, command, from, transition.to());
    Map<String, Object> detail = new LinkedHashMap<>();
    if (!overrides.isEmpty()) {
      detail.put("overrides", overrides);
    }
    return journaled(
        now,
        entry,
        detail,
        () -> {
          passGates(now, transition, overrides);
          GroupRow decided = prepareAndDecide(now, transition);
          now.faults().reach("control.after-decision");
          Work after = now.with(decided);
          complete(after, transition, false);
          return outcome(after, from, transition.to());
        });
  }

  private GroupRow prepareAndDecide(Work now, Transition transition) {
    try {
      transition.prepare(now).forEach(step -> step(now, step));
      now.faults().reach("control.before-decision");
    } catch (RuntimeException e) {
      try {
        transition.undo(now);
      } catch (RuntimeException undoing) {
        throw HalfDone.notTakenBack(now.name(), e, undoing);
      }
      throw e;
    }
    return decide(now, transition);
  }

  private void complete(Work after, Transition transition, boolean hurried) {
    for (Step step : transition.complete(after)) {
      if (!hurried || !step.waits()) {
        follow(after, step, "group " + after.name() + " has entered " + transition.to());
      }
    }
    after.store().groups().settle(after.row());
    after.faults().reach("control.settled");
  }

  private Outcome outcome(Work after, Phase from, Phase to) {
    Optional<Duration> pause =
        from.writeSide() == to.writeSide()
            ? Optional.empty()
            : after.store().flips().last(after.name()).flatMap(flip -> flip.pause());
    return new Outcome(after.name(), from, to, pause, taken);
  }

  private void passGates(Work now, Transition transition, List<GateOverride> overrides) {
    List<Gate> gates = transition.gates(now);
    for (GateOverride override : overrides) {
      Gate gate =
          gates.stream()
              .filter(it -> it.name().equals(override.gate()))
              .findFirst()
              .orElseThrow(
                  () ->
                      usage(
                          "there is no gate '"
                              + override.gate()
                              + "' before "
                              + transition.to()
                              + "; the gates there are "
                              + gates.stream().map(Gate::name).toList(),
                          "name one of them, or leave --override out"));
      if (!gate.mayBeOverridden()) {
        throw usage(
            "gate '" + gate.name() + "' cannot be overridden: data could be lost",
            "do what the gate asks for; ficus plan " + now.name() + " shows it");
      }
    }
    step(
        now,
        Step.of(
            "measure-gates",
            "Measure and store what the gates before " + transition.to() + " ask for",
            () -> gates.forEach(gate -> gate.measure(now))));
    List<GateResult> unmet =
        gates.stream()
            .map(gate -> gate.judge(now))
            .filter(result -> !result.open())
            .filter(result -> overrides.stream().noneMatch(it -> it.gate().equals(result.gate())))
            .toList();
    if (!unmet.isEmpty()) {
      throw new GateRefusedException(now.name(), now.row().phase(), transition.to(), unmet);
    }
  }

  private GroupRow decide(Work now, Transition transition) {
    Transition.Decision decision = transition.decision(now);
    GroupRow[] decided = new GroupRow[1];
    step(now, Step.of("decided", decision.title(), () -> decided[0] = decision.action().get()));
    return decided[0];
  }

  /** A step that follows from a decision. */
  private void follow(Work after, Step step, String decided) {
    try {
      step(after, step);
    } catch (RuntimeException e) {
      throw HalfDone.notFinished(decided, step.title(), e);
    }
  }

  private void step(Work now, Step step) {
    progress.accept(new Progress.Started(now.name(), step.title()));
    long begun = System.nanoTime();
    try {
      step.action().run();
    } catch (RuntimeException e) {
      progress.accept(
          new Progress.Failed(
              now.name(), step.title(), Duration.ofNanos(System.nanoTime() - begun)));
      throw e;
    }
    Duration took = Duration.ofNanos(System.nanoTime() - begun);
    taken.add(new StepTaken(step.title(), took));
    progress.accept(new Progress.Done(now.name(), step.title(), took));
    now.faults().reach(step.point());
  }

  private Outcome journaled(
      Work now, Journal.Entry entry, Map<String, Object> detail, Supplier<Outcome> command) {
    Journal journal = now.store().journal();
    journal.append(entry, Journal.Result.BEGUN, detail);
    Outcome outcome;
    try {
      outcome = command.get();
    } catch (RuntimeException e) {
      Map<String, Object> failed = new LinkedHashMap<>(detail);
      failed.put("error", String.valueOf(e.getMessage()));
      try {
        journal.append(entry, result(e), failed);
      } catch (RuntimeException journaling) {
        e.addSuppressed(journaling);
      }
      throw e;
    }
    Map<String, Object> done = new LinkedHashMap<>(detail);
    outcome.writePause().ifPresent(pause -> done.put("writePauseMillis", pause.toMillis()));
    try {
      journal.append(entry, Journal.Result.DONE, done);
    } catch (RuntimeException e) {
      throw HalfDone.notFinished(
          "\"" + entry.command() + "\" of group " + entry.group() + " is done",
          "note it in the journal",
          e);
    }
    return outcome;
  }

  private static Journal.Result result(RuntimeException error) {
    if (!(error instanceof FicusException ficus)) {
      return Journal.Result.FAILED;
    }
    return switch (ficus.kind()) {
      case GATE_REFUSED -> Journal.Result.REFUSED;
      case ABORTED -> Journal.Result.ABORTED;
      case NEEDS_PERSON -> Journal.Result.NEEDS_PERSON;
      case USAGE -> Journal.Result.FAILED;
    };
  }
}
