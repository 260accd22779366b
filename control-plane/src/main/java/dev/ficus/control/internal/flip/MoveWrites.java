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
import dev.ficus.control.internal.store.Flips;
import dev.ficus.control.internal.store.GroupChange;
import dev.ficus.control.internal.store.GroupRow;
import dev.ficus.control.internal.transition.FenceSteps;
import dev.ficus.control.internal.transition.RouteSteps;
import dev.ficus.control.internal.transition.Step;
import dev.ficus.control.internal.transition.StreamSteps;
import dev.ficus.control.internal.transition.Transition;
import dev.ficus.core.Epoch;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.core.manifest.Service;
import dev.ficus.postgres.FenceState;
import dev.ficus.postgres.Marker;
import dev.ficus.postgres.Slots;
import dev.ficus.postgres.StreamSql;
import dev.ficus.postgres.ddl.ForeignKey;
import dev.ficus.postgres.ddl.Sequences;
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
                })
            .showing(work.store().database(), () -> List.of(Flips.beginSql(work.row(), to))));
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
                sides.newDatabase(), () -> work.slots(sides.to()).createSql(slot, work.tables())));
    RepointedReferences references = new RepointedReferences(work);
    if (references.any()) {
      steps.add(
          Step.of(
                  "create-reference-slots",
                  "Create the slots in "
                      + sides.newDatabase().name()
                      + " that reference copies of this group's tables will be fed from",
                  () -> references.createSlots(sides.newDatabase(), work.row().epoch().next()))
              .showing(
                  sides.newDatabase(),
                  () -> references.createSlotsSql(sides.newDatabase(), work.row().epoch().next())));
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

  @Override
  public Decision decision(Work work) {
    Sides sides = new Sides(work, to.writeSide());
    String slot = sides.newStream().slot(work.row().epoch().next());
    return Decision.of(
            "Close the fence in "
                + sides.oldDatabase().name()
                + ", wait for stream "
                + sides.oldStream()
                + ", move sequences, and decide: the group enters "
                + to,
            () -> new WritePause(work, to.writeSide()).decide(change(work.row())))
        .showing(
            sides.oldDatabase(),
            () ->
                Stream.concat(
                        work
                            .fence(sides.from())
                            .moveFromTokenSql(FenceState.CLOSED, work.row().epoch())
                            .stream(),
                        Stream.of(Marker.SQL))
                    .toList())
        .showing(sides.newDatabase(), () -> sequencesSql(work, sides))
        .showing(
            sides.newDatabase(),
            () -> List.of(StreamSql.stop(sides.oldStream()), Marker.SQL, Slots.advanceSql(slot)))
        .showing(work.store().database(), () -> Flips.decideSql(work.row(), change(work.row())));
  }

  private static List<String> sequencesSql(Work work, Sides sides) {
    try (Sequences sequences =
        Sequences.prepare(
            sides.oldDatabase(), sides.newDatabase(), work.tables(), sides.columnNames())) {
      return sequences.moveSql();
    }
  }

  @Override
  public List<Step> complete(Work work) {
    NewSide side = new NewSide(work.answeringInTime(), to.writeSide());
    Sides sides = new Sides(work, to.writeSide());
    List<Step> steps = new ArrayList<>();
    steps.add(
        Step.of(
                "flip-open",
                "Open the fence in "
                    + sides.newDatabase().name()
                    + " at epoch "
                    + work.row().epoch(),
                side::open)
            .showing(
                sides.newDatabase(),
                () ->
                    work.fence(sides.to()).moveFromTokenSql(FenceState.OPEN, work.row().epoch())));
    steps.add(
        RouteSteps.showing(
            work,
            work.row(),
            Step.of(
                "flip-publish",
                "Publish the route in both databases: the pause is over",
                () -> {
                  RouteSteps.publishNow(work, work.row());
                  work.store().flips().opened(side.flip());
                })));
    RepointedReferences references = new RepointedReferences(work);
    if (references.any()) {
      steps.add(
          showing(
              work,
              sides,
              references,
              Step.of(
                  "flip-references",
                  "Feed the reference copies of this group's tables from "
                      + sides.newDatabase().name(),
                  () ->
                      references.repoint(sides.oldDatabase(), sides.newDatabase(), side.flip()))));
    }
    steps.add(
        Step.of(
                "flip-stream",
                "Start stream " + sides.newStream() + " into " + sides.oldDatabase().name(),
                side::requestStream)
            .showing(sides.oldDatabase(), side::requestStreamSql));
    steps.add(
        Step.of(
                "flip-old-slot",
                "Drop the slot of stream "
                    + sides.oldStream()
                    + " in "
                    + sides.oldDatabase().name(),
                side::endOldStream)
            .showing(
                sides.oldDatabase(),
                () ->
                    Slots.dropSql(
                        sides.oldStream().slot(new Epoch(work.row().epoch().value() - 1))))
            .showing(sides.newDatabase(), () -> List.of(StreamSql.remove(sides.oldStream()))));
    if (sides.to() == Side.SERVICE) {
      steps.add(
          Step.of(
                  "flip-forget-guards",
                  "Forget the guards of earlier dual writes",
                  side::forgetGuards)
              .showing(work.serviceDatabase(), () -> List.of(side.forgetGuardsSql())));
    } else {
      if (to.dualWrites()) {
        steps.add(
            Step.of(
                    "flip-dual",
                    "Set the fence in " + sides.oldDatabase().name() + " to " + FenceState.DUAL,
                    side::allowDualWrites)
                .showing(sides.newDatabase(), () -> List.of(Marker.SQL))
                .showing(
                    work.serviceDatabase(),
                    () -> work.fence(Side.SERVICE).moveSql(FenceState.DUAL, work.row().epoch())));
      }
      steps.add(
          Step.of(
                  "flip-restore-foreign-keys",
                  "Restore the foreign keys whose both ends are written in shared again",
                  () -> new CrossingKeys(work).restore())
              .showing(work.shared(), () -> new CrossingKeys(work).restoreSql()));
    }
    steps.add(RouteSteps.await(work));
    steps.add(
        Step.of(
            "flip-finish",
            "Note that the flip is finished",
            () -> work.store().flips().finished(side.flip())));
    return steps;
  }

  private static Step showing(
      Work work, Sides sides, RepointedReferences references, Step repoint) {
    Step shown = repoint.showing(sides.oldDatabase(), () -> List.of(Marker.SQL));
    for (Service reader : references.readers()) {
      shown =
          shown.showing(
              work.database(reader.name().value()),
              () -> references.switchSql(reader, sides.newDatabase(), work.row().epoch()));
    }
    return shown.showing(sides.oldDatabase(), () -> references.leaveSql(work.row().epoch()));
  }
}
