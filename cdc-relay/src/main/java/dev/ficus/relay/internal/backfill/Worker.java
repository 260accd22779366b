package dev.ficus.relay.internal.backfill;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.Lsn;
import dev.ficus.postgres.PostponedDefinitions;
import dev.ficus.postgres.PostponedDefinitions.Definition;
import dev.ficus.postgres.ReplicaRole;
import dev.ficus.postgres.SqlErrors;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does one task of the agenda after the other, each in one transaction of the target.
 *
 * <p>Where one of its two connections breaks, it opens both again and repeats that task alone, as
 * long as the snapshot's holder lives; {@link ChunkLedger} says why no row comes twice.
 */
final class Worker implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Worker.class);
  private static final int MOST_FAILURES = 5;
  private static final long FIRST_PAUSE_MILLIS = 100;

  /** Where a worker's connections come from: each new one is ready for work. */
  interface Sides {
    /** A source connection whose transaction reads the snapshot. */
    Connection source() throws SQLException;

    /** A {@linkplain Worker#prepare prepared} target connection. */
    Connection target() throws SQLException;
  }

  private final Sides sides;
  private final Agenda agenda;
  private final ChunkLedger ledger;
  private final CopyRow row;
  private final Lsn consistentPoint;
  private final Progress progress;
  private final Throttle throttle;
  private final FaultPoints faults;
  private @Nullable Connection source;
  private @Nullable Connection target;

  Worker(
      Sides sides,
      Agenda agenda,
      ChunkLedger ledger,
      CopyRow row,
      Lsn consistentPoint,
      Progress progress,
      Throttle throttle,
      FaultPoints faults) {
    this.sides = sides;
    this.agenda = agenda;
    this.ledger = ledger;
    this.row = row;
    this.consistentPoint = consistentPoint;
    this.progress = progress;
    this.throttle = throttle;
    this.faults = faults;
  }

  /** Works until nothing is left to do. */
  void work() throws SQLException, InterruptedException {
    for (Optional<Agenda.Task> task = agenda.take(); task.isPresent(); task = agenda.take()) {
      perform(task.get());
      agenda.done(task.get());
    }
  }

  private void perform(Agenda.Task task) throws SQLException, InterruptedException {
    int failures = 0;
    while (true) {
      try {
        once(task);
        return;
      } catch (SQLException | RuntimeException e) {
        close();
        failures++;
        if (!SqlErrors.isConnectionLost(e)
            || e instanceof SnapshotGone
            || failures > MOST_FAILURES
            || agenda.awaitCancelled(FIRST_PAUSE_MILLIS << failures)) {
          throw e;
        }
        log.warn("{} failed on a lost connection and is repeated: {}", task, describe(e));
      }
    }
  }

  private static String describe(Exception e) {
    return e instanceof SQLException sql ? SqlErrors.describe(sql) : String.valueOf(e.getMessage());
  }

  private void once(Agenda.Task task) throws SQLException {
    Connection into = into();
    if (task instanceof Agenda.Task.CopyChunk copy) {
      copy(into, copy.chunk());
    } else if (task instanceof Agenda.Task.BuildIndex build) {
      build(into, build.definition());
    } else if (task instanceof Agenda.Task.Complete complete) {
      complete(into, complete);
    }
  }

  private Connection from() throws SQLException {
    Connection open = source;
    if (open == null) {
      open = sides.source();
      source = open;
    }
    return open;
  }

  private Connection into() throws SQLException {
    Connection open = target;
    if (open == null) {
      open = sides.target();
      target = open;
    }
    return open;
  }

  private void copy(Connection into, Chunk chunk) throws SQLException {
    Connection from = from();
    AtomicLong passed = new AtomicLong();
    boolean committed = false;
    try {
      if (!ledger.claim(into, chunk)) {
        // It was committed by a connection that broke before it could say so.
        progress.rows(ledger.rows(into, chunk));
        progress.chunkCopied(chunk);
        into.rollback();
        committed = true;
        return;
      }
      long rows =
          CopyPipe.copy(
              from,
              into,
              chunk,
              (more, bytes) -> {
                passed.addAndGet(more);
                progress.rows(more);
                throttle.pass(more, bytes);
              });
      ledger.copied(into, chunk, rows);
      row.hold(into, consistentPoint);
      faults.reach("relay.copy.chunk-before-commit");
      into.commit();
      // What happens here is a commit whose answer was lost.
      faults.reach("relay.copy.chunk-after-commit");
      committed = true;
      progress.rows(rows - passed.get());
      progress.chunkCopied(chunk);
      log.debug("copied {} rows of {}", rows, chunk);
    } finally {
      if (!committed) {
        progress.rows(-passed.get());
      }
    }
  }

  private void build(Connection into, Definition definition) throws SQLException {
    PostponedDefinitions.build(into, definition);
    row.hold(into, consistentPoint);
    faults.reach("relay.copy.index-before-commit");
    into.commit();
    faults.reach("relay.copy.index-after-commit");
    progress.indexBuilt();
  }

  private void complete(Connection into, Agenda.Task.Complete task) throws SQLException {
    for (Definition definition : task.definitions()) {
      PostponedDefinitions.attach(into, definition);
    }
    row.hold(into, consistentPoint);
    faults.reach("relay.copy.table-before-commit");
    into.commit();
    faults.reach("relay.copy.table-done");
  }

  /** Closes its connections; a transaction that is open there is rolled back. */
  @Override
  public void close() {
    close(source);
    source = null;
    close(target);
    target = null;
  }

  private static void close(@Nullable Connection connection) {
    if (connection == null) {
      return;
    }
    try {
      connection.close();
    } catch (SQLException e) {
      log.debug("closing a worker's connection failed; the server ends it", e);
    }
  }

  /** Prepares a target connection; says whether foreign keys and triggers stand still on it. */
  static ReplicaRole prepare(Connection target) throws SQLException {
    Timeouts.lift(target);
    Timeouts.endWithClient(target);
    target.setAutoCommit(false);
    // Triggers and foreign keys have acted in the source.
    ReplicaRole role = ReplicaRole.take(target);
    target.commit();
    return role;
  }
}
