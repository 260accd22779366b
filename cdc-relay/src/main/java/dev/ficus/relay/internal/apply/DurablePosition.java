package dev.ficus.relay.internal.apply;

import dev.ficus.core.Lsn;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The position that the target is known to have flushed: only so far is the slot acknowledged (rule
 * R4).
 *
 * <p>The applier does not wait for the target's disk at each commit; nothing is lost by that:
 *
 * <ol>
 *   <li>rows and position are in one commit, so that a target that crashes comes back at an older
 *       position with exactly the rows of that position;
 *   <li>the WAL of all that lies past it is still held by the slot, since what is acknowledged was
 *       seen flushed: the target's flush LSN had passed an insert LSN read after the commit;
 *   <li>whoever acts on a position elsewhere first stops or alters the stream in the target, with a
 *       commit that does wait, and a flush up to there holds all that came before.
 * </ol>
 */
final class DurablePosition {

  // The target flushes a few times a second; a newer entry may stand for an older one.
  private static final int MOST_PENDING = 1024;

  private final Deque<Committed> pending = new ArrayDeque<>();
  private Lsn flushed;

  /**
   * @param flushed a position that the target has flushed
   */
  DurablePosition(Lsn flushed) {
    this.flushed = flushed;
  }

  /** A position and a place in the target's WAL behind the commit that moved to it. */
  private record Committed(Lsn position, Lsn wal) {}

  /**
   * Notes what the target said after it had committed a position.
   *
   * @param position the committed one
   * @param inserted the insert LSN of the target's WAL, read after that commit
   * @param flushedWal the flush LSN of the target's WAL
   */
  void committed(Lsn position, Lsn inserted, Lsn flushedWal) {
    if (pending.size() == MOST_PENDING) {
      pending.removeLast();
    }
    pending.addLast(new Committed(position, inserted));
    while (!pending.isEmpty() && flushedWal.hasReached(pending.getFirst().wal())) {
      flushed = pending.removeFirst().position();
    }
  }

  /** The newest position known to be flushed. */
  Lsn flushed() {
    return flushed;
  }
}
