package dev.ficus.control.internal;

import dev.ficus.control.internal.store.GroupRow;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.Phase;
import java.util.Optional;

/**
 * The phase that an operator believes a group to be in.
 *
 * <p>The race that it closes: two operators look, both see a group in the same phase and both tell
 * it to advance; the second command waits its turn or comes a moment later, and takes the group one
 * phase further than anybody has looked at.
 */
public final class Expected {

  private Expected() {}

  /**
   * Refuses a command on a group that is elsewhere; one that finishes the very step is let through.
   *
   * @param row the group, read under its lock
   * @param from the phase that the command is to leave, if it was named
   * @param onward whether the command goes onward
   */
  public static void require(GroupRow row, Optional<Phase> from, boolean onward) {
    if (from.isEmpty() || (from.get() == row.phase() && (row.settled() || !onward))) {
      return;
    }
    boolean wentOnward = row.phase().compareTo(row.cameFrom()) > 0;
    if (!row.settled() && from.get() == row.cameFrom() && wentOnward == onward) {
      return;
    }
    throw new FicusException(
        ErrorKind.USAGE,
        "group "
            + row.name()
            + " is in "
            + row.phase()
            + (row.settled() ? "" : ", coming from " + row.cameFrom() + " and unfinished")
            + ", not in "
            + from.get()
            + " as --from says; nothing was done",
        "run \"ficus status\": another command may have moved it; then decide again");
  }
}
