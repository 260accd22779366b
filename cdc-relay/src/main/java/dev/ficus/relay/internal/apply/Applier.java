package dev.ficus.relay.internal.apply;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.Lsn;
import dev.ficus.postgres.ReplicaRole;
import dev.ficus.postgres.StreamRow;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.RelaySettings;
import dev.ficus.relay.internal.apply.BatchThread.Writing;
import dev.ficus.relay.internal.capture.Change;
import dev.ficus.relay.internal.ddl.Addition;
import dev.ficus.relay.internal.shape.TableShape;
import dev.ficus.relay.internal.watch.RelayMeters;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies whole source transactions to the target, with the position in the same commit (rule R3).
 *
 * <p>Used by the capture's thread only; its connection bears the stream's lease. A full batch is
 * written on a thread of its own while the next one is filled; nothing else uses the connection
 * until that is done:
 *
 * <ol>
 *   <li>one batch is written at a time, and the next one moves the position from where this one
 *       leaves it, so that it fails if this one did;
 *   <li>what failed is thrown by the next call that writes or waits, and ends the run: the position
 *       in the target says what comes again;
 *   <li>{@link #flush}, a transaction in pieces and {@link #close} wait for it first, and so does
 *       what would take too much memory beside it;
 *   <li>where it meets a row from the stream's future, what was added behind it meanwhile is added
 *       to it, change by change and in its order, as if it had waited.
 * </ol>
 */
public final class Applier implements Destination, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Applier.class);

  private final StreamRow stream;
  private final RelaySettings settings;
  private final RelayMeters meters;
  private final FaultPoints faults;
  private final BatchWriter writer;
  private final BatchThread thread;
  private final Companion companion;

  // Whole transactions that are not written yet, and how far they go.
  private Batch batch = new Batch();
  private @Nullable Advance advance;
  // The one in front of it that is being written, and every change that was added since.
  private @Nullable Writing writing;
  private final List<Change> behind = new ArrayList<>();
  // How far everything goes that the writer was given.
  private Lsn given;
  // Below this place the batch is known to meet a row from the stream's future.
  private Lsn blockedUntil = Lsn.ZERO;
  // The transaction that has begun and not ended.
  private final List<Change> open = new ArrayList<>();
  private long openCharacters;
  private long openWritten;
  private boolean openInPieces;
  private long openBegun;
  private @Nullable Instant openCommittedAt;
  private volatile Lsn position;
  private Lsn durable;
  private volatile long progressedAt = System.nanoTime();

  /**
   * @param target the connection that bears the lease; where its role may, it is switched to
   *     replica mode, in which neither triggers nor foreign keys act, since both have acted in the
   *     source
   * @param companion moved in each transaction that moves the position
   */
  public Applier(
      Connection target,
      StreamRow stream,
      List<TableShape> shapes,
      RelaySettings settings,
      RelayMeters meters,
      FaultPoints faults,
      Companion companion)
      throws SQLException {
    this.stream = stream;
    this.settings = settings;
    this.meters = meters;
    this.faults = faults;
    this.companion = companion;
    this.position = stream.position();
    this.given = position;
    target.setAutoCommit(false);
    ReplicaRole role = ReplicaRole.take(target);
    target.commit();
    this.writer = new BatchWriter(target, stream, shapes, role, faults);
    this.durable = writer.flushed();
    this.thread = new BatchThread(stream.name());
  }

  @Override
  public Lsn position() {
    return position;
  }

  @Override
  public long progressedAt() {
    return progressedAt;
  }

  @Override
  public void begin(String transaction, Instant committedAt) {
    openCommittedAt = committedAt;
  }

  @Override
  public void change(Change change) throws SQLException {
    if (openCommittedAt == null) {
      throw RelayException.stop(
          "a change arrived outside any transaction at " + change.lsn(),
          "report this with the Debezium version in use; nothing was applied");
    }
    open.add(change);
    openCharacters += Batch.characters(change);
    if (writing != null && batch.characters() + openCharacters >= mostHeld()) {
      settle();
    }
    if (open.size() >= settings.transactionChanges()
        || openCharacters >= settings.transactionCharacters()) {
      writePiece();
    }
  }

  /**
   * The transaction is written in pieces from here on: what came before it into the old table, in
   * one transaction of the target with the new columns and the rows that have them.
   */
  @Override
  public void add(Addition addition) throws SQLException {
    writePiece();
    writer.add(addition);
  }

  @Override
  public void commit(Lsn end) throws SQLException {
    Instant committedAt = openCommittedAt;
    if (committedAt == null) {
      throw RelayException.stop(
          "a transaction ended at " + end + " that had not begun",
          "report this with the Debezium version in use; nothing of it was applied");
    }
    if (given.hasReached(end)) {
      // A replay: it was applied before the last restart.
      if (openInPieces) {
        writer.abandonPieces();
      }
    } else if (openInPieces) {
      writePiece();
      Advance whole = new Advance(given, end, committedAt, 1, openWritten);
      writer.commitPieces(whole, companion.to(end));
      given = end;
      moved(whole, Duration.ofNanos(System.nanoTime() - openBegun));
    } else {
      open.forEach(batch::add);
      if (writing != null) {
        behind.addAll(open);
      }
      advance =
          advance == null
              ? new Advance(given, end, committedAt, 1, open.size())
              : advance.and(end, committedAt, open.size());
      if (isFull(settings.batchChanges(), mostHeld())) {
        settle();
        write(true);
      }
    }
    forgetOpen();
  }

  /** Whether a transaction has begun and not ended. */
  public boolean isOpen() {
    return openCommittedAt != null;
  }

  /** Gives up the transaction that has begun: its publisher died, and it will come again. */
  public void abandon() throws SQLException {
    if (openWritten > 0) {
      writer.abandonPieces();
    }
    forgetOpen();
  }

  private void forgetOpen() {
    open.clear();
    openCharacters = 0;
    openWritten = 0;
    openInPieces = false;
    openCommittedAt = null;
  }

  @Override
  public Lsn flush() throws SQLException {
    if (!openInPieces) {
      writeAll();
    }
    return durable();
  }

  @Override
  public Lsn durable() {
    faults.reach("relay.ack.before");
    return durable;
  }

  /**
   * Writes what is held of the open transaction into one of the target that stays open until that
   * one ends: however large it is, it is applied whole (rule R3) and never held whole.
   */
  private void writePiece() throws SQLException {
    if (!openInPieces) {
      writeAll();
      if (advance != null) {
        throw RelayException.stop(
            "stream "
                + stream.name()
                + " met a unique value that a dual write of its future holds, in front of a transaction too large to be held",
            "stop the group's dual writes until the stream has caught up, or raise the relay's transaction limits");
      }
      openBegun = System.nanoTime();
      writer.beginPieces(given);
      openInPieces = true;
    }
    Batch piece = new Batch();
    open.forEach(piece::add);
    writer.writePiece(given, piece);
    openWritten += open.size();
    open.clear();
    openCharacters = 0;
  }

  /** How many characters are held behind a batch that is being written, and make one full. */
  private long mostHeld() {
    return settings.transactionCharacters() / 2;
  }

  private boolean isFull(int changes, long characters) {
    return batch.changes() >= changes || batch.characters() >= characters;
  }

  /** Writes whatever is whole, unless it has to take in more. */
  private void writeAll() throws SQLException {
    settle();
    write(false);
    settle();
  }

  /**
   * Writes the batch, unless it has to take in more.
   *
   * @param meanwhile whether the next one is filled while it is written
   */
  private void write(boolean meanwhile) {
    Advance whole = advance;
    if (whole == null || isBlocked(whole)) {
      return;
    }
    Batch filled = batch;
    Companion.Move move = companion.to(whole.end());
    writing = thread.write(whole, filled, meanwhile, () -> writer.write(whole, move, filled));
    given = whole.end();
    batch = new Batch();
    advance = null;
  }

  private boolean isBlocked(Advance whole) {
    if (whole.end().hasReached(blockedUntil)) {
      return false;
    }
    if (isFull(settings.transactionChanges(), settings.transactionCharacters())) {
      throw RelayException.stop(
          "stream "
              + stream.name()
              + " met a unique value that a dual write of its future holds, and the changes up to "
              + blockedUntil
              + " do not fit into one batch",
          "raise the relay's transaction limits, or stop the group's dual writes until the stream has caught up");
    }
    return true;
  }

  /** Waits for the batch that is being written. */
  private void settle() throws SQLException {
    Writing written = writing;
    if (written == null) {
      return;
    }
    writing = null;
    BatchWriter.Outcome outcome = written.await();
    if (outcome instanceof BatchWriter.Outcome.Applied applied) {
      moved(written.advance(), applied.took());
    } else if (outcome instanceof BatchWriter.Outcome.Blocked blocked) {
      takeBack(written, blocked.until());
    }
    behind.clear();
  }

  private void takeBack(Writing written, Lsn until) {
    log.info(
        "stream {}: a dual write up to {} is in the way of the batch that ends at {}; taking in what follows",
        stream.name(),
        until,
        written.advance().end());
    blockedUntil = until;
    given = written.advance().from();
    behind.forEach(written.batch()::add);
    batch = written.batch();
    advance = advance == null ? written.advance() : written.advance().and(advance);
  }

  private void moved(Advance whole, Duration took) {
    log.debug(
        "stream {}: applied {} transactions with {} changes up to {}",
        stream.name(),
        whole.transactions(),
        whole.changes(),
        whole.end());
    position = whole.end();
    durable = writer.flushed();
    progressedAt = System.nanoTime();
    meters.applied(stream, (int) whole.changes(), took);
  }

  @Override
  public void close() throws SQLException {
    try {
      if (writing != null) {
        writing.await();
      }
    } finally {
      thread.close();
      writer.close();
    }
  }
}
