package dev.ficus.control.internal.flip;

import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.references.RepointedReferences;
import dev.ficus.control.internal.store.Flips.Flip;
import dev.ficus.control.internal.store.Flips.GivingUp;
import dev.ficus.control.internal.store.GroupChange;
import dev.ficus.control.internal.store.GroupRow;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.Side;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.Routes;
import java.util.Optional;

/**
 * The way out of a flip that was not decided: the old side accepts writes again and everything else
 * is as before (rule R13).
 */
public final class GiveUp {

  private static final int ATTEMPTS = 5;

  private final Work work;
  private final Flip flip;
  private final Sides sides;

  public GiveUp(Work work, Flip flip) {
    this.work = work;
    this.flip = flip;
    this.sides = new Sides(work, flip.toSide());
  }

  /**
   * Gives the flip up unless it has been decided.
   *
   * @param closed the fence as this process closed it; empty if it did not, or if another process
   *     died in the flip
   */
  GivingUp run(Optional<Fence.Token> closed) {
    GivingUp result = work.store().flips().giveUp(flip);
    if (result == GivingUp.GIVEN_UP) {
      reopen(closed);
      work.streams(sides.to())
          .resume(
              sides.oldStream(), sides.from() == Side.SHARED && work.row().phase().dualWrites());
      wakeWaiters();
      work.slots(sides.to())
          .drop(sides.newStream().slot(flip.epoch()), work.settings().streamPatience());
      new RepointedReferences(work).dropSlots(sides.newDatabase(), flip.epoch());
      new CrossingKeys(work).restore();
    }
    return result;
  }

  /** Gives up what a process that died has left behind; true if the flip had been decided. */
  public boolean afterCrash() {
    return run(Optional.empty()) == GivingUp.DECIDED;
  }

  private void reopen(Optional<Fence.Token> closed) {
    Fence fence = work.fence(sides.from());
    if (closed.isPresent()) {
      // Nothing comes back if another command has taken the group over; it moves the fence now.
      fence.reopen(closed.get(), work.settings().lockPatience());
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

  private FicusException missing() {
    return new FicusException(
        ErrorKind.NEEDS_PERSON,
        "the fence of group " + work.name() + " is missing in " + sides.oldDatabase(),
        "find out who removed it; writes of the group are refused until it is back");
  }

  /** Requests that met the closed fence wait for a route: a new version sends them back here. */
  private void wakeWaiters() {
    GroupRow row =
        work.store().groups().change(work.row(), GroupChange.to(work.row().phase(), work.row()));
    Routes.publish(sides.oldDatabase(), row.route());
    Routes.publish(sides.newDatabase(), row.route());
  }
}
