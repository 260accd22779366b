package dev.ficus.relay.internal.supervise;

import dev.ficus.postgres.StreamWatches;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a run waits for, shown where a retry's reason is once that takes long. */
final class Waiting {

  private static final Logger log = LoggerFactory.getLogger(Waiting.class);
  private static final Duration LONG = Duration.ofSeconds(10);

  private final RunContext run;
  private final String why;
  private long shownAt = System.nanoTime();

  Waiting(RunContext run, String why) {
    this.run = run;
    this.why = why;
  }

  /** Called now and then while it waits. */
  void show() throws SQLException {
    if (System.nanoTime() - shownAt < LONG.toNanos()) {
      return;
    }
    shownAt = System.nanoTime();
    log.warn("stream {}: {}", run.stream().name(), why);
    try (Connection connection = run.connections().open(run.target())) {
      StreamWatches.retried(connection, run.stream(), why);
    }
  }
}
