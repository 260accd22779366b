package dev.ficus.relay.internal.supervise;

import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamWatches;
import dev.ficus.relay.RelayRole;
import dev.ficus.relay.internal.ddl.ShapeRows;
import dev.ficus.relay.internal.watch.StreamFailure;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** Runs one stream at one epoch, on a thread of its own, until its row no longer wants it. */
final class StreamRunner {

  private static final Logger log = LoggerFactory.getLogger(StreamRunner.class);
  private static final Duration GRACE = Duration.ofSeconds(5);

  private final StreamContext context;
  private final StreamRow requested;
  private final StreamHalf half;
  private final Thread thread;
  private final AtomicInteger failures = new AtomicInteger();

  StreamRunner(StreamContext context, RelayRole role) {
    this.context = context;
    this.requested = context.requested();
    this.half =
        switch (role) {
          case PUBLISH -> new PublishingHalf(context);
          case APPLY -> new ApplyingHalf(context);
        };
    this.thread =
        new Thread(
            this::run,
            (role == RelayRole.PUBLISH ? "ficus-publish-" : "ficus-stream-") + requested.name());
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  boolean runs(StreamRow row) {
    return context.isOf(row);
  }

  boolean isAlive() {
    return thread.isAlive();
  }

  /** Asks it to end; returns at once. */
  void stop() {
    context.stopping().countDown();
    if (half.isCopying()) {
      context.connections().abort();
    }
  }

  /** Waits until it has ended; a statement that waits for a lock is broken off after a while. */
  void awaitEnd() throws InterruptedException {
    stop();
    thread.join(GRACE.toMillis());
    context.connections().abort();
    thread.join(GRACE.toMillis());
    if (thread.isAlive()) {
      log.warn(
          "stream {}: its thread did not end within {} s; it can write no more",
          requested.name(),
          2 * GRACE.toSeconds());
    }
  }

  private void run() {
    MDC.put("stream", requested.name().value());
    MDC.put("group", requested.group().value());
    MDC.put("slot", requested.slot());
    boolean wanted = true;
    while (wanted && !isStopping()) {
      try {
        wanted = half.run(() -> failures.set(0));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (Exception | Error e) {
        wanted = recover(e);
      }
    }
    log.debug("stream {}: its runner has ended", requested.name());
  }

  private boolean isStopping() {
    return context.stopping().getCount() == 0;
  }

  private boolean recover(Throwable error) {
    if (isStopping()) {
      log.debug("stream {}: ended while stopping", requested.name(), error);
      return false;
    }
    Verdict verdict = Verdicts.of(error);
    if (verdict instanceof Verdict.Ended ended) {
      log.info("{}", ended.why());
      return false;
    }
    if (verdict instanceof Verdict.Fail fail) {
      log.error("stream {} failed: {}", requested.name(), fail.failure());
      log.debug("stream {} failed", requested.name(), error);
      try {
        markFailed(fail);
        return false;
      } catch (SQLException | RuntimeException e) {
        log.warn("stream {}: its failure could not be written into its row", requested.name(), e);
      }
    }
    return pause(verdict);
  }

  private boolean pause(Verdict verdict) {
    long delay =
        Math.min(
            context.settings().longestRetryDelay().toMillis(),
            context.settings().firstRetryDelay().toMillis()
                << Math.min(failures.getAndIncrement(), 20));
    if (verdict instanceof Verdict.Retry retry) {
      log.warn("stream {}: retrying in {} ms after: {}", requested.name(), delay, retry.why());
      noteRetry(retry.why());
    }
    try {
      return !context.stopping().await(delay, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void noteRetry(String why) {
    context.meters().retried(requested);
    try (Connection connection = context.connections().open(context.target())) {
      StreamWatches.retried(connection, requested, why);
    } catch (SQLException | RuntimeException e) {
      // The target itself may be what cannot be reached; the log and the meter have the retry.
      log.debug("stream {}: a retry could not be noted", requested.name(), e);
    }
  }

  private void markFailed(Verdict.Fail fail) throws SQLException {
    try (Connection connection = context.connections().open(context.target())) {
      connection.setAutoCommit(false);
      if (new StreamFailure(fail.failure(), fail.advice()).write(connection, requested)) {
        ShapeRows.stop(connection, requested.name(), fail.stops());
      }
      connection.commit();
    }
  }
}
