package dev.ficus.relay.internal.apply;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.Lsn;
import dev.ficus.postgres.ReplicaRole;
import dev.ficus.postgres.StreamRow;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.RelaySettings;
import dev.ficus.relay.internal.capture.Capture;
import dev.ficus.relay.internal.capture.SourceTransaction;
import dev.ficus.relay.internal.shape.TableShape;
import dev.ficus.relay.internal.watch.RelayMeters;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies whole source transactions to the target, with the position in the same commit (rule R3).
 *
 * <p>Used by the capture's thread only; its connection bears the stream's lease.
 */
public final class Applier implements Capture.Sink, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Applier.class);

  private final StreamRow stream;
  private final RelaySettings settings;
  private final RelayMeters meters;
  private final FaultPoints faults;
  private final BatchWriter writer;

  private Batch batch = new Batch();
  // Below this place the batch is known to meet a row from the stream's future.
  private Lsn blockedUntil = Lsn.ZERO;
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
    this.stream = stream;
    this.settings = settings;
    this.meters = meters;
    this.faults = faults;
    this.position = stream.position();
    target.setAutoCommit(false);
    ReplicaRole role = ReplicaRole.take(target);
    target.commit();
    this.writer = new BatchWriter(target, stream, shapes, role, faults);
  }

  /** When the position last moved, by {@link System#nanoTime}. */
  public long progressedAt() {
    return progressedAt;
  }

  @Override
  public Optional<Lsn> take(List<SourceTransaction> transactions) throws SQLException {
    for (SourceTransaction transaction : transactions) {
      if (position.hasReached(transaction.commit())) {
        // A replay: it was applied before the last restart.
        continue;
      }
      batch.add(transaction);
      if (isFull(settings.batchChanges())) {
        apply();
      }
    }
    if (!batch.isEmpty()) {
      apply();
    }
    if (transactions.isEmpty()) {
      return Optional.empty();
    }
    faults.reach("relay.ack.before");
    return Optional.of(position);
  }

  private boolean isFull(int changes) {
    return batch.changes() >= changes || batch.characters() >= settings.transactionCharacters();
  }

  private void apply() throws SQLException {
    if (!batch.end().hasReached(blockedUntil)) {
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
    BatchWriter.Outcome outcome = writer.write(position, batch);
    if (outcome instanceof BatchWriter.Outcome.Blocked blocked) {
      blockedUntil = blocked.until();
      log.info(
          "stream {}: a dual write up to {} is in the way of the batch that ends at {}; taking in what follows",
          stream.name(),
          blockedUntil,
          batch.end());
      return;
    }
    log.debug(
        "stream {}: applied {} transactions with {} changes up to {}",
        stream.name(),
        batch.transactions(),
        batch.changes(),
        batch.end());
    position = batch.end();
    progressedAt = System.nanoTime();
    meters.applied(stream, batch.changes(), Duration.ofNanos(progressedAt - begun));
    batch = new Batch();
  }

  @Override
  public void close() throws SQLException {
    writer.close();
  }
}
