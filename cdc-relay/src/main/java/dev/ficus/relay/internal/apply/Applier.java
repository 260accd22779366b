package dev.ficus.relay.internal.apply;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.Lsn;
import dev.ficus.postgres.ReplicaRole;
import dev.ficus.postgres.StreamRow;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.RelaySettings;
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
 * <p>Used by the capture's thread only; its connection bears the stream's lease.
 */
public final class Applier implements Destination, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Applier.class);

  private final StreamRow stream;
  private final RelaySettings settings;
  private final RelayMeters meters;
  private final FaultPoints faults;
  private final BatchWriter writer;

  // Whole transactions that are not written yet, and how far they go.
  private Batch batch = new Batch();
  private @Nullable Advance advance;
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
  private volatile long progressedAt = System.nanoTime();

  /**
   * @param target the connection that bears the lease; where its role may, it is switched to
   *     replica mode, in which neither triggers nor foreign keys act, since both have acted in the
   *     source
   */
  public Applier(
      Connection target,
      StreamRow stream,
      List<TableShape> shapes,
      RelaySettings settings,
      RelayMeters meters,
      FaultPoints faults)
      throws SQLException {
    this(target, stream, shapes, settings, meters, faults, end -> {});
  }

  /**
   * The same with something that is moved together with the position.
   *
   * @param companion called in each transaction that moves it
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
    this.position = stream.position();
    target.setAutoCommit(false);
    ReplicaRole role = ReplicaRole.take(target);
    target.commit();
    this.writer = new BatchWriter(target, stream, shapes, role, faults, companion);
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
    if (position.hasReached(end)) {
      // A replay: it was applied before the last restart.
      if (openInPieces) {
        writer.abandonPieces();
      }
    } else if (openInPieces) {
      writePiece();
      writer.commitPieces(new Advance(position, end, committedAt, 1, openWritten));
      moved(end, 1, openWritten, openBegun);
    } else {
      open.forEach(batch::add);
      advance =
          advance == null
              ? new Advance(position, end, committedAt, 1, open.size())
              : advance.and(end, committedAt, open.size());
      if (isFull(settings.batchChanges())) {
        apply(advance);
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
    if (advance != null && !openInPieces) {
      apply(advance);
    }
    return durable();
  }

  @Override
  public Lsn durable() {
    faults.reach("relay.ack.before");
    return writer.flushed();
  }

  /**
   * Writes what is held of the open transaction into one of the target that stays open until that
   * one ends: however large it is, it is applied whole (rule R3) and never held whole.
   */
  private void writePiece() throws SQLException {
    if (!openInPieces) {
      if (advance != null) {
        apply(advance);
      }
      if (advance != null) {
        throw RelayException.stop(
            "stream "
                + stream.name()
                + " met a unique value that a dual write of its future holds, in front of a transaction too large to be held",
            "stop the group's dual writes until the stream has caught up, or raise the relay's transaction limits");
      }
      openBegun = System.nanoTime();
      writer.beginPieces(position);
      openInPieces = true;
    }
    Batch piece = new Batch();
    open.forEach(piece::add);
    writer.writePiece(position, piece);
    openWritten += open.size();
    open.clear();
    openCharacters = 0;
  }

  private boolean isFull(int changes) {
    return batch.changes() >= changes || batch.characters() >= settings.transactionCharacters();
  }

  private void apply(Advance whole) throws SQLException {
    if (!whole.end().hasReached(blockedUntil)) {
      if (isFull(settings.transactionChanges())) {
        throw RelayException.stop(
            "stream "
                + stream.name()
                + " met a unique value that a dual write of its future holds, and the changes up to "
                + blockedUntil
                + " do not fit into one batch",
            "raise the relay's transaction limits, or stop the group's dual writes until the stream has caught up");
      }
      return;
    }
    long begun = System.nanoTime();
    BatchWriter.Outcome outcome = writer.write(whole, batch);
    if (outcome instanceof BatchWriter.Outcome.Blocked blocked) {
      blockedUntil = blocked.until();
      log.info(
          "stream {}: a dual write up to {} is in the way of the batch that ends at {}; taking in what follows",
          stream.name(),
          blockedUntil,
          whole.end());
      return;
    }
    moved(whole.end(), whole.transactions(), whole.changes(), begun);
    batch = new Batch();
    advance = null;
  }

  private void moved(Lsn end, int transactions, long changes, long begun) {
    log.debug(
        "stream {}: applied {} transactions with {} changes up to {}",
        stream.name(),
        transactions,
        changes,
        end);
    position = end;
    progressedAt = System.nanoTime();
    meters.applied(stream, (int) changes, Duration.ofNanos(progressedAt - begun));
  }

  @Override
  public void close() throws SQLException {
    writer.close();
  }
}
