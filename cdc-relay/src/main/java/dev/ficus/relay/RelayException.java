package dev.ficus.relay;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;

/** A stream met what only a person can decide; its row says so too. */
public final class RelayException extends FicusException {

  private static final long serialVersionUID = 1L;

  private RelayException(String what, String next) {
    super(ErrorKind.NEEDS_PERSON, what, next);
  }

  /**
   * A stream cannot go on.
   *
   * @param what what was met, and where: names, counts and LSNs, never row values
   * @param next what a person can do about it
   */
  public static RelayException stop(String what, String next) {
    return new RelayException(what, next);
  }
}
