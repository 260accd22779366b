package dev.ficus.dualwriter;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import org.jspecify.annotations.Nullable;

/** A declared write cannot be carried out as declared. */
public final class DualWriteException extends FicusException {

  private static final long serialVersionUID = 1L;

  DualWriteException(ErrorKind kind, String what, String next, @Nullable Throwable cause) {
    super(kind, what, next, cause);
  }
}
