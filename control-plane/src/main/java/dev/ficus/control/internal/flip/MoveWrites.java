package dev.ficus.control.internal.flip;

import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.gate.CarriedDeletes;
import dev.ficus.control.internal.gate.CleanReconciliations;
import dev.ficus.control.internal.gate.CompleteFences;
import dev.ficus.control.internal.gate.Gate;
import dev.ficus.control.internal.gate.LongTransactions;
import dev.ficus.control.internal.gate.MaxLag;
import dev.ficus.control.internal.gate.RestorableKeys;
import dev.ficus.control.internal.references.RepointedReferences;
import dev.ficus.control.internal.store.GroupChange;
import dev.ficus.control.internal.store.GroupRow;
import dev.ficus.control.internal.transition.FenceSteps;
import dev.ficus.control.internal.transition.RouteSteps;
import dev.ficus.control.internal.transition.Step;
import dev.ficus.control.internal.transition.StreamSteps;
import dev.ficus.control.internal.transition.Transition;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.core.TableName;
import dev.ficus.postgres.FenceState;
import dev.ficus.postgres.ddl.ForeignKey;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * {@code READS_MOVED} to {@code WRITES_MOVED} and back: the write cutover, the same in both
 * directions. A group whose services do not embed the library enters and leaves by {@code
 * FOLLOWING}.
 *
 * @param to the phase that it enters
 */
public record MoveWrites(Phase to) implements Transition {

  @Override
  public List<Gate> gates(Work work) {
    Stream<Gate> both = Stream.of(new CompleteFences(), new MaxLag(), new LongTransactions());
    // The way back must not wait for comparisons: it is taken when something is wrong.
    return Stream.concat(
            both,
            to.writeSide() == Side.SERVICE
                ? Stream.of(new CleanReconciliations())
                : Stream.of(
                    new RestorableKeys(() -> new CrossingKeys(work).comingBack()),
                    new CarriedDeletes(to)))
        .toList();
  }

  @Override
  public GroupChange change(GroupRow row) {
    return GroupChange.to(to, row).withEpoch(row.epoch().next()).renewingEvidence();
  }

  @Override
  public List<Step> prepare(Work work) {
    Sides sides = new Sides(work, to.writeSide());
    String slot = sides.newStream().slot(work.row().epoch().next());
    List<Step> steps = new ArrayList<>();
    // First of all, so that a later command finds out about whatever a process that died has left.
    steps.add(
        Step.of(
            "flip-begin",
            "Note that a flip begins",
            () -> {
              SameTransforms.require(sides);
              work.store().flips().begin(work.row(), to);
            }));
    steps.addAll(FenceSteps.installOnNewPartitions(work));
    if (sides.to() == Side.SERVICE) {
      CrossingKeys keys = new CrossingKeys(work);
      steps.add(
          Step.of(
                  "release-foreign-keys",
                  "Record and release the foreign keys that cross the group's border in shared",
                  keys::release)
              .showing(
                  work.shared(),
                  () -> keys.present().stream().map(ForeignKey::releaseSql).toList()));
    }
    steps.addAll(StreamSteps.installLooseForeignKeys(work));
    steps.add(
        Step.of(
                "create-slot",
                "Create publication and slot "
                    + slot
                    + " in "
                    + sides.newDatabase().name()
                    + " for the stream back",
                () -> {
                  work.slots(sides.to()).publish(slot, work.tables());
                  work.slots(sides.to()).create(slot);
                })
            .showing(
                sides.newDatabase(),
                () ->
                    List.of(
                        "create publication "
                            + slot
                            + " for table "
                            + names(work.tables())
                            + " with (publish_via_partition_root = true)",
                        "select pg_create_logical_replication_slot('" + slot + "', 'pgoutput')")));
    RepointedReferences references = new RepointedReferences(work);
    if (references.any()) {
      steps.add(
          Step.of(
              "create-reference-slots",
              "Create the slots in "
                  + sides.newDatabase().name()
                  + " that reference copies of this group's tables will be fed from",
              () -> references.createSlots(sides.newDatabase(), work.row().epoch().next())));
    }
    return steps;
  }

  @Override
  public void undo(Work work) {
    work.store()
        .flips()
        .unfinished(work.name())
        .filter(flip -> !flip.decided())
        .ifPresent(flip -> new GiveUp(work, flip).afterCrash());
  }

  private static String names(List<TableName> tables) {
    return String.join(", ", tables.stream().map(TableName::toString).toList());
  }

  @Override
  public Decision decision(Work work) {
    Sides sides = new Sides(work, to.writeSide());
    return new Decision(
        "Close the fence in "
            + sides.oldDatabase().name()
            + ", wait for stream "
            + sides.oldStream()
            + ", move sequences, and decide: the group enters "
            + to,
        () -> new WritePause(work, to.writeSide()).decide(change(work.row())));
  }

  @Override
  public List<Step> complete(Work work) {
    NewSide side = new NewSide(work.answeringInTime(), to.writeSide());
    Sides sides = new Sides(work, to.writeSide());
    List<Step> steps = new ArrayList<>();
    steps.add(
        Step.of(
            "flip-open",
            "Open the fence in " + sides.newDatabase().name() + " at epoch " + work.row().epoch(),
            side::open));
    steps.add(
        Step.of(
            "flip-publish",
            "Publish the route in both databases: the pause is over",
            () -> {
              RouteSteps.publishNow(work, work.row());
              work.store().flips().opened(side.flip());
            }));
    RepointedReferences references = new RepointedReferences(work);
    if (references.any()) {
      steps.add(
          Step.of(
              "flip-references",
              "Feed the reference copies of this group's tables from " + sides.newDatabase().name(),
              () -> references.repoint(sides.oldDatabase(), sides.newDatabase(), side.flip())));
    }
    steps.add(
        Step.of(
            "flip-stream",
            "Start stream " + sides.newStream() + " into " + sides.oldDatabase().name(),
            side::requestStream));
    steps.add(
        Step.of(
            "flip-old-slot",
            "Drop the slot of stream " + sides.oldStream() + " in " + sides.oldDatabase().name(),
            side::endOldStream));
    if (sides.to() == Side.SERVICE) {
      steps.add(
          Step.of(
              "flip-forget-guards",
              "Forget the guards of earlier dual writes",
              side::forgetGuards));
    } else {
      if (to.dualWrites()) {
        steps.add(
            Step.of(
                "flip-dual",
                "Set the fence in " + sides.oldDatabase().name() + " to " + FenceState.DUAL,
                side::allowDualWrites));
      }
      steps.add(
          Step.of(
              "flip-restore-foreign-keys",
              "Restore the foreign keys whose both ends are written in shared again",
              () -> new CrossingKeys(work).restore()));
    }
    steps.add(RouteSteps.await(work));
    steps.add(
        Step.of(
            "flip-finish",
            "Note that the flip is finished",
            () -> work.store().flips().finished(side.flip())));
    return steps;
  }
}
