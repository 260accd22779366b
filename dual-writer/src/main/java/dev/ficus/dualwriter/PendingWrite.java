package dev.ficus.dualwriter;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A dual write on its way; the committed transaction waits for it a little. */
final class PendingWrite {

  private final CountDownLatch done = new CountDownLatch(1);
  private final Duration patience;

  PendingWrite(Duration patience) {
    this.patience = patience;
  }

  void done() {
    done.countDown();
  }

  /**
   * Waits until it is done, whatever came of it, or the patience is over; it goes on by itself
   * then.
   *
   * @return true if it is done
   */
  boolean await() {
    try {
      return done.await(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
