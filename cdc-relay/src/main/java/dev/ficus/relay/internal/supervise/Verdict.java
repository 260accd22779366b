package dev.ficus.relay.internal.supervise;

import dev.ficus.relay.internal.ddl.Stop;
import java.util.List;

/** What becomes of a stream after an error. */
sealed interface Verdict {

  /** The error may pass by itself. */
  record Retry(String why) implements Verdict {}

  /** The stream's row no longer wants this run. */
  record Ended(String why) implements Verdict {}

  /**
   * A person has to decide.
   *
   * @param stops what DDL in the source has changed, if that is the reason
   */
  record Fail(String failure, String advice, List<Stop> stops) implements Verdict {}
}
