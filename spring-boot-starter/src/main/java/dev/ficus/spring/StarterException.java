package dev.ficus.spring;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;

/** A declaration or the configuration asks for what cannot be routed safely. */
public final class StarterException extends FicusException {

  private static final long serialVersionUID = 1L;

  StarterException(String what, String next) {
    super(ErrorKind.USAGE, what, next);
  }
}
