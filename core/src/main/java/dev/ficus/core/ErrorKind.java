package dev.ficus.core;

/** What an error asks for; the command line turns each into its exit code. */
public enum ErrorKind {
  /** A gate is not satisfied; nothing was changed. */
  GATE_REFUSED(2),
  /** The operation was given up and nothing has changed; it may be tried again. */
  ABORTED(3),
  /** Only a person can decide what comes next. */
  NEEDS_PERSON(4),
  /** The call or the manifest is wrong. */
  USAGE(64);

  private final int exitCode;

  ErrorKind(int exitCode) {
    this.exitCode = exitCode;
  }

  /** The process exit code. */
  public int exitCode() {
    return exitCode;
  }
}
