package dev.ficus.control.internal.flip;

import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.references.RepointedReferences;
import dev.ficus.control.internal.store.Flips.Flip;
import dev.ficus.control.internal.store.GroupChange;
import dev.ficus.control.internal.store.GroupRow;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.Side;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.Routes;
import dev.ficus.postgres.SqlErrors;
import java.util.Optional;

/**
 * The way out of a flip that was not decided: the old side accepts writes again and everything else
 * is as before (rule R13).
 *
 * <p>The users' writes come first: the old side's fence opens, and its route sends waiting requests
 * back there, before anything is asked of the new side, whose server may be what failed. Until all
 * is taken back the flip stays unfinished, so that whoever comes next goes on with it.
 */
public final class GiveUp {

  private static final int ATTEMPTS = 5;

  private final Work work;
  private final CrossingKeys keys;
  private final Flip flip;
  private final Sides sides;

  public GiveUp(Work work, Flip flip) {
    this.work = work.answeringInTime();
    // All rows may have to be looked at.
    this.keys = new CrossingKeys(work);
    this.flip = flip;
    this.sides = new Sides(this.work, flip.toSide());
  }

  /**
   * Gives up this process's own flip unless it has been decided.
   *
   * @param closed the fence as this process closed it; empty if it did not
   * @param asked whether this process has asked the control store for the decision. Nobody else can
   *     decide this flip: where it was not asked, users' writes need not wait for its answer
   * @return whether it has been decided; the caller must finish it then
   */
  boolean run(Optional<Fence.Token> closed, boolean asked) {
    if (!asked) {
      closed.ifPresent(this::reopen);
    }
    return switch (work.store().flips().giveUp(flip)) {
      case DECIDED -> true;
      case GIVEN_UP -> {
        takeBack(closed);
        yield false;
      }
      // By somebody who has the group's lock now, and may not know what this process has closed.
      case ALREADY_GIVEN_UP -> {
        closed.ifPresent(this::reopen);
        yield false;
      }
    };
  }

  /**
   * Gives up what a process that died has left behind, or goes on with that; the caller has the
   * group's lock.
   *
   * @return whether the flip has been decided; the caller must finish it then
   */
  public boolean afterCrash() {
    return switch (work.store().flips().giveUp(flip)) {
      case DECIDED -> true;
      case GIVEN_UP, ALREADY_GIVEN_UP -> {
        takeBack(Optional.empty());
        yield false;
      }
    };
  }

  private void takeBack(Optional<Fence.Token> closed) {
    work.faults().reach("flip.given-up");
    reopen(closed);
    work.faults().reach("flip.reopened");
    // Requests that met the closed fence wait for a route: a new version sends them back here.
    GroupRow read = work.reread().row();
    GroupRow row = work.store().groups().change(read, GroupChange.to(read.phase(), read));
    Routes.publish(sides.oldDatabase(), row.route());
    work.streams(sides.to())
        .resume(sides.oldStream(), sides.from() == Side.SHARED && row.phase().dualWrites());
    Routes.publish(sides.newDatabase(), row.route());
    work.slots(sides.to())
        .drop(sides.newStream().slot(flip.epoch()), work.settings().streamPatience());
    new RepointedReferences(work).dropSlots(sides.newDatabase(), flip.epoch());
    work.faults().reach("flip.slots-dropped");
    restoreForeignKeys();
  }

  /**
   * A key whose rows have meanwhile lost what they point to does not keep the flip open: it is
   * there again for new rows, and a person has to look at the old ones.
   */
  private void restoreForeignKeys() {
    try {
      keys.restore();
    } catch (PostgresException e) {
      if (e.sqlState().equals(SqlErrors.FOREIGN_KEY_VIOLATION)) {
        work.store().flips().finished(flip);
      }
      throw e;
    }
    work.store().flips().finished(flip);
  }

  private void reopen(Optional<Fence.Token> closed) {
    Fence fence = work.fence(sides.from());
    if (closed.isPresent()) {
      reopen(closed.get());
      return;
    }
    // Also where the fence is open: a process paused before its closing must find its token stale.
    // The row may change between reading and moving, by just such a process; then it is read anew.
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      Fence.Token token = fence.token().orElseThrow(this::missing);
      if (fence.reopen(token, work.settings().lockPatience()).isPresent()) {
        return;
      }
    }
    throw new FicusException(
        ErrorKind.ABORTED,
        "the fence of group "
            + work.name()
            + " in "
            + sides.oldDatabase()
            + " is moved by another command",
        "run \"ficus status\" and decide again");
  }

  /** Nothing is opened if another command has taken the group over; it moves the fence now. */
  private void reopen(Fence.Token closed) {
    work.fence(sides.from()).reopen(closed, work.settings().lockPatience());
  }

  private FicusException missing() {
    return new FicusException(
        ErrorKind.NEEDS_PERSON,
        "the fence of group " + work.name() + " is missing in " + sides.oldDatabase(),
        "find out who removed it; writes of the group are refused until it is back");
  }
}
