package dev.ficus.control.internal.flip;

import dev.ficus.control.internal.HalfDone;
import dev.ficus.control.internal.Patience;
import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.store.Flips;
import dev.ficus.control.internal.store.Flips.Flip;
import dev.ficus.control.internal.store.GroupChange;
import dev.ficus.control.internal.store.GroupLock;
import dev.ficus.control.internal.store.GroupRow;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.Lsn;
import dev.ficus.core.Side;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.FenceState;
import dev.ficus.postgres.Marker;
import dev.ficus.postgres.ServerIdentity;
import dev.ficus.postgres.ddl.Sequences;
import dev.ficus.relay.SourceChanges;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The part of a flip during which neither side accepts writes, up to its decision (rules R12 to
 * R14).
 *
 * <ol>
 *   <li>The old side's fence closes, which waits for the writers in flight: from now on no write of
 *       the group can commit anywhere.
 *   <li>A marker is written there and awaited on the new side: all that was written is there (R8).
 *   <li>Sequences move past every value ever handed out.
 *   <li>The old stream stops: nothing can overwrite the new side any more (R6).
 *   <li>The slot of the new stream moves to the present: all before it came from the old side.
 *   <li>One compare-and-set decides.
 * </ol>
 *
 * What fails before the decision, or takes longer than the budget, is given up: the old side
 * reopens and nothing has changed.
 */
final class WritePause {

  private final Work command;
  private final Work work;
  private final Sides sides;
  private final Flips flips;

  /**
   * @param command the command's work
   * @param to the side that writes enter
   */
  WritePause(Work command, Side to) {
    this.command = command;
    // No server that stands still may keep both sides closed for longer than the budget.
    this.work = command.answeringWithin(command.settings().flipBudget());
    this.sides = new Sides(this.work, to);
    this.flips = this.work.store().flips();
  }

  GroupRow decide(GroupChange change) {
    Flip flip = flips.unfinished(work.name()).orElseThrow();
    Optional<Fence.Token> closed = Optional.empty();
    boolean asked = false;
    try {
      requireSameShapes();
      ServerIdentity identity = sides.newDatabase().identity();
      // Named and connected here, so that the pause only reads and sets.
      try (Sequences sequences =
          Sequences.prepare(
              sides.oldDatabase(), sides.newDatabase(), work.tables(), sides.columnNames())) {
        Closing closing = close();
        closed = Optional.of(closing.token());
        work.faults().reach("flip.fence-closed");
        GroupLock lock = work.lock().orElseThrow();
        Lsn start = carryOver(sequences, closing, lock);
        lock.requireHeld();
        requireTimeLeft(closing);
        flips.closed(flip, closing.elapsed());
        work.faults().reach("flip.before-cas");
        asked = true;
        if (!flips.decide(flip, work.row(), change, identity, start)) {
          throw new FicusException(
              ErrorKind.ABORTED,
              "the flip of group " + work.name() + " was taken over by another command",
              "run \"ficus status\" and decide again");
        }
      }
    } catch (RuntimeException e) {
      if (!decidedAfterAll(flip, closed, asked, e)) {
        throw e;
      }
    }
    work.faults().reach("flip.after-cas");
    return work.reread().row();
  }

  /** Reopens the old side, unless the decision was made although its answer was lost. */
  private boolean decidedAfterAll(
      Flip flip, Optional<Fence.Token> closed, boolean asked, RuntimeException failure) {
    try {
      return new GiveUp(command, flip).run(closed, asked);
    } catch (RuntimeException e) {
      throw HalfDone.notTakenBack(work.name(), failure, e);
    }
  }

  /*
   DDL that a stream is not told of and that no row has shown is noticed by looking. Here, at the latest: the new side would lack it for
   good.
  */
  private void requireSameShapes() {
    List<String> differences =
        SourceChanges.ahead(sides.oldDatabase(), sides.newDatabase(), sides.oldStream());
    if (!differences.isEmpty()) {
      throw new FicusException(
          ErrorKind.ABORTED,
          "the flip of group "
              + work.name()
              + " was given up: "
              + sides.oldDatabase()
              + " was altered, and stream "
              + sides.oldStream()
              + " does not carry that: "
              + String.join("; ", differences),
          "wait for the stream to come to it, then: ficus ddl show " + work.name());
    }
  }

  private record Closing(Fence.Token token, long begun, long budgetNanos) {

    Duration elapsed() {
      return Duration.ofNanos(System.nanoTime() - begun);
    }

    Duration left() {
      return Duration.ofNanos(Math.max(0, budgetNanos - (System.nanoTime() - begun)));
    }
  }

  private Closing close() {
    Fence fence = work.fence(sides.from());
    Closing[] closing = new Closing[1];
    Patience.forLocks(
        work.settings().lockPatience(),
        () -> {
          Fence.Token now =
              fence.token().orElseThrow(() -> unexpected("there is no fence in the old side"));
          if (now.reading().state() != FenceState.OPEN) {
            throw unexpected(
                "its fence in " + sides.oldDatabase() + " is " + now.reading().state());
          }
          long begun = System.nanoTime();
          Fence.Token closed =
              fence
                  .move(now, FenceState.CLOSED, work.row().epoch(), work.settings().lockTimeout())
                  .orElseThrow(
                      () -> unexpected("its fence was moved by another command meanwhile"));
          closing[0] = new Closing(closed, begun, work.settings().flipBudget().toNanos());
        });
    return closing[0];
  }

  private FicusException unexpected(String why) {
    return new FicusException(
        ErrorKind.ABORTED,
        "the flip of group " + work.name() + " was given up: " + why,
        "run \"ficus status\" to see where the group stands, then try again");
  }

  private Lsn carryOver(Sequences sequences, Closing closing, GroupLock lock) {
    Lsn marker = Marker.write(sides.oldDatabase());
    work.streams(sides.to()).awaitPosition(sides.oldStream(), marker, closing.left());
    work.faults().reach("flip.marker-applied");
    sequences.move();
    work.faults().reach("flip.sequences-moved");
    requireTimeLeft(closing);
    // Whoever has taken the group over needs the stream.
    lock.requireHeld();
    work.streams(sides.to()).stop(sides.oldStream());
    work.faults().reach("flip.stream-stopped");
    Lsn start =
        work.slots(sides.to()).advanceToPresent(sides.newStream().slot(work.row().epoch().next()));
    work.faults().reach("flip.slot-advanced");
    return start;
  }

  private void requireTimeLeft(Closing closing) {
    if (closing.left().isZero()) {
      throw new FicusException(
          ErrorKind.ABORTED,
          "the flip of group "
              + work.name()
              + " was given up: writes were kept out for "
              + closing.elapsed().toMillis()
              + " ms, longer than the budget of "
              + work.settings().flipBudget().toMillis()
              + " ms",
          "look for load on the servers and the relay, then try again");
    }
  }
}
