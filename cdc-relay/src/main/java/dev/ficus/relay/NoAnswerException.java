package dev.ficus.relay;

import java.io.IOException;

/**
 * Kafka Connect did not tell a connector's settings, which may pass: a stream that begins tries
 * again, and one that runs goes on.
 */
public final class NoAnswerException extends IOException {

  private static final long serialVersionUID = 1L;

  private final String next;

  /**
   * @param what which Kafka Connect, and what it did instead
   * @param next what a person can do if it lasts
   */
  public NoAnswerException(String what, String next) {
    super(what);
    this.next = next;
  }

  /** What a person can do if it lasts. */
  public String next() {
    return next;
  }
}
