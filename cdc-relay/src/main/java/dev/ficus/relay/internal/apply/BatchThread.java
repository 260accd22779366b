package dev.ficus.relay.internal.apply;

import dev.ficus.core.DaemonThreads;
import dev.ficus.postgres.StreamName;
import java.sql.SQLException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * Writes one batch at a time: on a thread of its own while the next one is filled, or on the
 * caller's where nothing is at hand to fill it with.
 */
final class BatchThread implements AutoCloseable {

  private final ExecutorService thread;

  BatchThread(StreamName stream) {
    this.thread = Executors.newSingleThreadExecutor(DaemonThreads.named("ficus-write-" + stream));
  }

  /** A batch that is being written, or was. */
  record Writing(Advance advance, Batch batch, Future<BatchWriter.Outcome> outcome) {

    /** Waits for it, whatever interrupts that: until then the connection is in use. */
    BatchWriter.Outcome await() throws SQLException {
      boolean interrupted = false;
      try {
        while (true) {
          try {
            return outcome.get();
          } catch (InterruptedException e) {
            interrupted = true;
          }
        }
      } catch (ExecutionException e) {
        throw asItIs(e.getCause());
      } finally {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }

    private static SQLException asItIs(@Nullable Throwable cause) {
      if (cause instanceof SQLException e) {
        return e;
      } else if (cause instanceof RuntimeException e) {
        throw e;
      } else if (cause instanceof Error e) {
        throw e;
      }
      throw new IllegalStateException("writing a batch failed", cause);
    }
  }

  /**
   * Begins to write a batch.
   *
   * @param meanwhile whether the caller goes on while it is written
   */
  Writing write(
      Advance advance, Batch batch, boolean meanwhile, Callable<BatchWriter.Outcome> how) {
    FutureTask<BatchWriter.Outcome> task = new FutureTask<>(how);
    if (meanwhile) {
      thread.execute(task);
    } else {
      task.run();
    }
    return new Writing(advance, batch, task);
  }

  /** Takes no further batch. */
  @Override
  public void close() {
    thread.shutdown();
  }
}
