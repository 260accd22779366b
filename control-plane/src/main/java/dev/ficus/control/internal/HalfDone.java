package dev.ficus.control.internal;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.GroupName;

/**
 * Failures that leave something to be done. Whatever their cause is, they never count as aborted,
 * which promises that nothing has changed.
 */
public final class HalfDone {

  private HalfDone() {}

  /**
   * Something was decided, and one of the steps that follow from it failed.
   *
   * @param decided what holds now, as a sentence's beginning
   */
  static FicusException notFinished(String decided, String step, RuntimeException failure) {
    return new FicusException(
        ErrorKind.NEEDS_PERSON,
        decided + ", but a step after that failed: " + step + ": " + what(failure),
        next(failure) + "; then run the command again: it finishes what is left",
        failure);
  }

  /**
   * A transition failed before its decision, or while it was made, and what had been done for it
   * could not be taken back.
   */
  public static FicusException notTakenBack(
      GroupName group, RuntimeException failure, RuntimeException takingBack) {
    failure.addSuppressed(takingBack);
    return new FicusException(
        ErrorKind.NEEDS_PERSON,
        "group "
            + group
            + " is half-way: "
            + what(failure)
            + "; taking back what had been done failed as well: "
            + what(takingBack),
        next(takingBack)
            + "; \"ficus status\" shows which side takes writes. The next advance or rollback finishes"
            + " or takes back the rest, and so does a running relay",
        failure);
  }

  private static String what(RuntimeException failure) {
    return failure instanceof FicusException ficus ? ficus.what() : failure.toString();
  }

  private static String next(RuntimeException failure) {
    return failure instanceof FicusException ficus
        ? ficus.next()
        : "find out why, with --debug for the stack trace";
  }
}
