package dev.ficus.readrouter;

import dev.ficus.core.Side;

/**
 * Where a read goes, and why.
 *
 * @param side the side that answers
 * @param reason why that one
 */
public record ReadDecision(Side side, Reason reason) {

  /** Why a read goes where it goes. */
  public enum Reason {
    /** The service database is written, so it is read. */
    WRITES_MOVED,
    /** The key is not within the percentage, or the phase or the kill switch moves no reads. */
    NOT_MOVED,
    /** The key has moved, and the service database is fresh enough for it. */
    MOVED,
    /** The key has moved, but the stream does not run, or is too far behind. */
    STALE,
    /** The key has moved, but this process's last write of it has not arrived, or may not have. */
    OWN_WRITE_NOT_THERE;

    /** True if the read was meant for the side that is not written, and is kept back. */
    boolean fellBack() {
      return this == STALE || this == OWN_WRITE_NOT_THERE;
    }
  }
}
