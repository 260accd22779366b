package dev.ficus.readrouter;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;

/** A declared read cannot be carried out as declared. */
public final class ReadException extends FicusException {

  private static final long serialVersionUID = 1L;

  ReadException(ErrorKind kind, String what, String next) {
    super(kind, what, next);
  }
}
