package dev.ficus.core;

import org.jspecify.annotations.Nullable;

/**
 * The root of every error that Ficus raises; its message says what failed where, why, and what to
 * do next.
 *
 * <p>Messages hold names, counts, LSNs and key ranges, never row values or credentials (rules R20
 * and R21).
 */
public class FicusException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final ErrorKind kind;
  private final String what;
  private final String next;

  /**
   * @param kind what the error asks for
   * @param what what failed, where, and why
   * @param next what to do next, an imperative sentence
   */
  public FicusException(ErrorKind kind, String what, String next) {
    this(kind, what, next, null);
  }

  public FicusException(ErrorKind kind, String what, String next, @Nullable Throwable cause) {
    super(what + "\n  next: " + next, cause);
    this.kind = kind;
    this.what = what;
    this.next = next;
  }

  /** What the error asks for. */
  public ErrorKind kind() {
    return kind;
  }

  /** What failed, where, and why; the message without what to do next. */
  public String what() {
    return what;
  }

  /** What to do next. */
  public String next() {
    return next;
  }
}
