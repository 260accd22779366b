package dev.ficus.relay.internal.supervise;

import dev.ficus.core.Lsn;

/** A publisher stands before a change of a table, and what it published is not all applied. */
final class NotAppliedYet extends RuntimeException {

  private static final long serialVersionUID = 1L;

  NotAppliedYet(Lsn published, String change) {
    super(
        "what was published up to "
            + published
            + " is not applied yet; the publisher waits for that, since then "
            + change);
  }
}
