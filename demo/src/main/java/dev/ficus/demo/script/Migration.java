package dev.ficus.demo.script;

import dev.ficus.control.ControlPlane;
import dev.ficus.control.GateOverride;
import dev.ficus.control.GateRefusedException;
import dev.ficus.control.GateResult;
import dev.ficus.control.Outcome;
import dev.ficus.control.ReconciliationRun;
import dev.ficus.core.FicusException;
import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.DependentDecision;
import dev.ficus.core.manifest.Manifest;
import dev.ficus.demo.stage.Stage;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Takes the store's three groups from {@code SHARED} to {@code DROPPED} while the customers go on.
 *
 * <p>The groups go in lock-step. It uses nothing that an operator could not: each call here is one
 * {@code ficus} command.
 */
public final class Migration {

  private static final List<Integer> READ_STEPS = List.of(5, 25, 50, 100);
  private static final Duration GATE_PATIENCE = Duration.ofSeconds(60);
  private static final int RECONCILIATIONS = 3;
  private static final String VIEW = "public.product_listing";

  private final Manifest manifest;
  private final ControlPlane control;
  private final Stage stage;
  private final History history;
  private final Optional<Sabotage> fault;
  private final Duration dwell;
  private final Consumer<String> say;

  /**
   * @param fault what is broken on purpose; refused gates are then overridden
   * @param dwell how long the customers are left alone between the steps that matter to them
   * @param say told what happens, in a line for people
   */
  public Migration(
      Manifest manifest,
      ControlPlane control,
      Stage stage,
      History history,
      Optional<Sabotage> fault,
      Duration dwell,
      Consumer<String> say) {
    this.manifest = manifest;
    this.control = control;
    this.stage = stage;
    this.history = history;
    this.fault = fault;
    this.dwell = dwell;
    this.say = say;
  }

  /** Takes all groups to the end. */
  public void run() {
    all(Phase.PROVISIONED);
    new ListingView(stage.orders(), migrations("orders")).add();
    say.accept("order-service's team adds its own migration: view product_listing on the copies");
    all(Phase.COPYING);
    all(Phase.FOLLOWING);
    fault.ifPresent(Sabotage::afterCopy);
    reconcileAll();
    all(Phase.DUAL_WRITING);
    rest();
    all(Phase.READS_SHADOWED);
    all(Phase.READS_MOVING);
    for (int percentage : READ_STEPS) {
      inParallel(group -> moved(control.reads(group, percentage)));
      say.accept(percentage + " % of the reads go to the service databases");
      rest();
    }
    all(Phase.READS_MOVED);
    reconcileAll();
    fault.ifPresent(Sabotage::beforeFlip);
    say.accept(
        "each flip records and releases the foreign keys that cross its group's border in the"
            + " shared database; the way back has them again");
    flip();
    rest();
    say.accept("rehearsing the way back: writes return to the shared database");
    for (GroupName group : StoreManifest.GROUPS) {
      moved(passing(group, overrides -> control.rollback(group, overrides)));
    }
    rest();
    reconcileAll();
    flip();
    rest();
    reconcileAll();
    all(Phase.SEALED);
    all(Phase.RETIRED);
    StoreManifest.GROUPS.forEach(this::drop);
  }

  /** One group after the other: each pause is a pause of one service only. */
  private void flip() {
    for (GroupName group : StoreManifest.GROUPS) {
      moved(advance(group));
    }
  }

  private void all(Phase phase) {
    inParallel(
        group -> {
          Outcome outcome = advance(group);
          if (outcome.to() != phase) {
            throw new IllegalStateException(
                "group " + group + " went to " + outcome.to() + " instead of " + phase);
          }
          return moved(outcome);
        });
  }

  private <T> void inParallel(Function<GroupName, T> step) {
    List<CompletableFuture<T>> running =
        StoreManifest.GROUPS.stream()
            .map(group -> CompletableFuture.supplyAsync(() -> step.apply(group)))
            .toList();
    // All of them end before the first failure is passed on: no step is left running behind it.
    @Nullable RuntimeException failure = null;
    for (CompletableFuture<T> future : running) {
      try {
        future.join();
      } catch (CompletionException e) {
        RuntimeException cause = e.getCause() instanceof RuntimeException known ? known : e;
        if (failure == null) {
          failure = cause;
        } else {
          failure.addSuppressed(cause);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private Outcome moved(Outcome outcome) {
    if (outcome.from() != outcome.to()) {
      history.moved(outcome);
      say.accept(
          outcome.group()
              + ": "
              + outcome.from()
              + " -> "
              + outcome.to()
              + outcome
                  .writePause()
                  .map(pause -> ", writes paused for " + pause.toMillis() + " ms")
                  .orElse(""));
    }
    return outcome;
  }

  /**
   * One phase on. A gate that only needs more traffic or time is waited for; with a fault injected,
   * a refused gate is overridden in the end, so that the final check has to find the damage.
   */
  private Outcome advance(GroupName group) {
    return passing(group, overrides -> control.advance(group, overrides));
  }

  private Outcome passing(GroupName group, Function<List<GateOverride>, Outcome> command) {
    Duration patience = fault.isPresent() ? dwell.multipliedBy(3) : GATE_PATIENCE;
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      try {
        return command.apply(List.of());
      } catch (GateRefusedException refused) {
        if (System.nanoTime() < deadline) {
          LockSupport.parkNanos(Duration.ofMillis(500).toNanos());
        } else if (fault.isPresent()) {
          return command.apply(override(group, refused));
        } else {
          throw refused;
        }
      }
    }
  }

  private List<GateOverride> override(GroupName group, GateRefusedException refused) {
    return refused.unmet().stream()
        .map(GateResult::gate)
        .map(
            gate -> {
              history.overridden(group, gate);
              say.accept(group + ": gate " + gate + " refuses; overridden, as a fault is injected");
              return new GateOverride(
                  gate, "demo", "fault injected: " + fault.orElseThrow().fault());
            })
        .toList();
  }

  /** Compares both sides of every group; a run that could not compare everything is repeated. */
  private void reconcileAll() {
    inParallel(
        group -> {
          ReconciliationRun run = reconcile(group);
          for (int again = 1; again < RECONCILIATIONS && unknown(run); again++) {
            run = reconcile(group);
          }
          history.reconciled(run);
          return run;
        });
  }

  private ReconciliationRun reconcile(GroupName group) {
    ReconciliationRun run = control.reconcile(group);
    say.accept(
        String.format(
            Locale.ROOT,
            "%s: reconciled %,d rows: %s%s",
            group,
            run.rows(),
            run.verdict(),
            run.reason().isEmpty() ? "" : " (" + run.reason() + ")"));
    return run;
  }

  private static boolean unknown(ReconciliationRun run) {
    return run.verdict() == ReconciliationRun.Verdict.UNKNOWN;
  }

  /** Shows that what still depends on a table keeps it from being dropped, then decides. */
  private void drop(GroupName group) {
    List<TableName> tables = manifest.group(group).orElseThrow().tables();
    Map<String, DependentDecision> undecided = Map.of();
    Map<String, DependentDecision> decided = Map.of(VIEW, DependentDecision.DROP);
    boolean first = group.equals(StoreManifest.GROUPS.get(0));
    if (first) {
      awaitSoak(group, tables);
    }
    Outcome outcome =
        passing(
            group,
            overrides -> control.drop(group, tables, first ? decided : undecided, overrides));
    moved(outcome);
  }

  /** Waits until nothing but the undecided view is in the way, and shows that refusal. */
  private void awaitSoak(GroupName group, List<TableName> tables) {
    long deadline = System.nanoTime() + GATE_PATIENCE.toNanos();
    while (true) {
      try {
        control.drop(group, tables, Map.of());
        throw new IllegalStateException(
            "the tables of "
                + group
                + " were dropped although "
                + VIEW
                + " depends on them and nobody decided about it");
      } catch (GateRefusedException refused) {
        boolean onlyDependents =
            refused.unmet().stream().allMatch(it -> it.gate().equals("dependents"));
        if (onlyDependents || System.nanoTime() > deadline || fault.isPresent()) {
          show(refused);
          return;
        }
        LockSupport.parkNanos(Duration.ofMillis(500).toNanos());
      }
    }
  }

  private void show(FicusException refused) {
    history.refusalShown();
    say.accept(
        "a drop too early is refused (exit code "
            + refused.kind().exitCode()
            + "): "
            + refused.getMessage());
    say.accept("decided: " + VIEW + " is dropped too, since order-service has its own");
  }

  private java.nio.file.Path migrations(String service) {
    return manifest.service(new dev.ficus.core.ServiceName(service)).orElseThrow().migrations();
  }

  private void rest() {
    long deadline = System.nanoTime() + dwell.toNanos();
    while (System.nanoTime() < deadline) {
      LockSupport.parkNanos(deadline - System.nanoTime());
    }
  }
}
