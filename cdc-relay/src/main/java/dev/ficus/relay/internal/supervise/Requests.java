package dev.ficus.relay.internal.supervise;

import dev.ficus.postgres.TableCopies;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether tables of a stream are to be copied anew, for its publisher: it goes on while the target
 * is away, so that the slot lets go of WAL.
 */
final class Requests implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Requests.class);
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final RunContext run;
  private @Nullable Connection connection;
  private long askedAt = System.nanoTime() - PAUSE.toNanos();

  Requests(RunContext run) {
    this.run = run;
  }

  /** Asks; a target that does not answer is asked again a while later, and asks for nothing. */
  boolean arePending() {
    if (connection == null && System.nanoTime() - askedAt < PAUSE.toNanos()) {
      return false;
    }
    askedAt = System.nanoTime();
    try {
      Connection open = connection;
      if (open == null) {
        open = run.connections().open(run.target());
        connection = open;
      }
      return !TableCopies.pending(open, run.stream().name()).isEmpty();
    } catch (SQLException | RuntimeException e) {
      log.debug("stream {}: its target does not answer its publisher", run.stream().name(), e);
      close();
      return false;
    }
  }

  @Override
  public void close() {
    Connection open = connection;
    connection = null;
    if (open != null) {
      try {
        open.close();
      } catch (SQLException e) {
        log.debug("stream {}: closing a connection", run.stream().name(), e);
      }
    }
  }
}
