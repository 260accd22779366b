package dev.ficus.control.internal;

import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.SqlErrors;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Repeats what waits for a lock that writers queue behind: many short waits with pauses in between
 * let the writers through, one long wait would be an outage.
 */
public final class Patience {

  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  private Patience() {}

  /**
   * Runs the action until it gets its locks.
   *
   * @throws PostgresException the last one, with SQLSTATE 55P03, once the time is up
   */
  public static void forLocks(Duration total, Runnable action) {
    long deadline = System.nanoTime() + total.toNanos();
    long pause = FIRST_PAUSE.toNanos();
    while (true) {
      try {
        action.run();
        return;
      } catch (PostgresException e) {
        if (!e.sqlState().equals(SqlErrors.LOCK_NOT_AVAILABLE)
            || System.nanoTime() - deadline > 0) {
          throw e;
        }
        LockSupport.parkNanos(pause);
        pause = Math.min(2 * pause, LONGEST_PAUSE.toNanos());
      }
    }
  }
}
