package dev.ficus.relay.internal.supervise;

/** What becomes of a stream after an error. */
sealed interface Verdict {

  /** The error may pass by itself. */
  record Retry(String why) implements Verdict {}

  /** The stream's row no longer wants this run. */
  record Ended(String why) implements Verdict {}

  /** A person has to decide. */
  record Fail(String failure, String advice) implements Verdict {}
}
