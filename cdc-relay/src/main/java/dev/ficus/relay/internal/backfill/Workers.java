package dev.ficus.relay.internal.backfill;

import dev.ficus.core.DaemonThreads;
import java.sql.SQLException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** The threads of a copy's workers. */
final class Workers {

  private static final long TICK_MILLIS = 50;

  /** What the copy's own thread does meanwhile, again and again. */
  @FunctionalInterface
  interface Tick {
    void tick() throws SQLException;
  }

  private Workers() {}

  /**
   * Works the agenda off.
   *
   * @param aborted breaks the workers' connections: a COPY ends no other way
   * @throws Exception the first error that a worker did not get over, or the tick's
   */
  static void run(int count, Agenda agenda, Supplier<Worker> hire, Tick tick, Runnable aborted)
      throws Exception {
    ExecutorService threads =
        Executors.newFixedThreadPool(
            count, DaemonThreads.named(Thread.currentThread().getName() + "-copy"));
    boolean ended = false;
    try {
      ExecutorCompletionService<Void> working = new ExecutorCompletionService<>(threads);
      for (int i = 0; i < count; i++) {
        working.submit(
            () -> {
              try (Worker worker = hire.get()) {
                worker.work();
                return null;
              }
            });
      }
      int left = count;
      while (left > 0) {
        Future<Void> done = working.poll(TICK_MILLIS, TimeUnit.MILLISECONDS);
        tick.tick();
        if (done != null) {
          done.get();
          left--;
        }
      }
      ended = true;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw e;
    } finally {
      agenda.cancel();
      if (!ended) {
        aborted.run();
      }
      threads.shutdownNow();
      // They can commit no more, whenever they end; but their errors should not trail into the next
      // run.
      threads.awaitTermination(5, TimeUnit.SECONDS);
    }
  }
}
