package dev.ficus.relay.internal.capture;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Hands pieces from the thread that reads the slot to the one that applies, within a bound of
 * messages and of characters; one piece always fits, whatever its size.
 */
final class PieceQueue {

  private static final int MESSAGES = 8192;
  private static final long CHARACTERS = 8L * 1024 * 1024;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition taken = lock.newCondition();
  private final Condition put = lock.newCondition();
  private final Queue<Piece> pieces = new ArrayDeque<>();
  private int messages;
  private long characters;

  /** Adds a piece, after waiting for room. */
  void put(Piece piece) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (!pieces.isEmpty()
          && (messages + piece.messages().size() > MESSAGES
              || characters + piece.characters() > CHARACTERS)) {
        taken.await();
      }
      pieces.add(piece);
      messages += piece.messages().size();
      characters += piece.characters();
      put.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Takes all that is there, after waiting a while for something. */
  List<Piece> take(Duration patience) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = patience.toNanos();
      while (pieces.isEmpty() && left > 0) {
        left = put.awaitNanos(left);
      }
      List<Piece> all = new ArrayList<>(pieces);
      pieces.clear();
      messages = 0;
      characters = 0;
      taken.signal();
      return all;
    } finally {
      lock.unlock();
    }
  }
}
