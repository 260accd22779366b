package dev.ficus.relay.internal.apply;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.postgres.SqlErrors;
import dev.ficus.postgres.StreamRow;
import dev.ficus.relay.RelaySettings;
import dev.ficus.relay.internal.apply.TableWriter.Manner;
import dev.ficus.relay.internal.capture.Capture;
import dev.ficus.relay.internal.capture.SourceTransaction;
import dev.ficus.relay.internal.shape.TableShape;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
  private static final String EXCLUSION_VIOLATION = "23P01";

  private final Connection target;
  private final StreamRow stream;
  private final RelaySettings settings;
  private final FaultPoints faults;
  private final PositionRow positionRow;
  private final Map<TableName, TableWriter> writers = new HashMap<>();

  private volatile Lsn position;
  private volatile long progressedAt = System.nanoTime();

  /**
   * @param target the connection that bears the lease; it is switched to replica mode, in which
   *     neither triggers nor foreign keys act, since both have acted in the source
   */
  public Applier(
      Connection target,
      StreamRow stream,
      List<TableShape> shapes,
      RelaySettings settings,
      FaultPoints faults)
      throws SQLException {
    this.target = target;
    this.stream = stream;
    this.settings = settings;
    this.faults = faults;
    this.positionRow = new PositionRow(target, stream);
    this.position = stream.position();
    target.setAutoCommit(false);
    try (var statement = target.createStatement()) {
      statement.execute("set session_replication_role = replica");
    }
    for (TableShape shape : shapes) {
      writers.put(shape.target(), new TableWriter(target, shape));
    }
    target.commit();
  }

  /** When the position last moved, by {@link System#nanoTime}. */
  public long progressedAt() {
    return progressedAt;
  }

  @Override
  public Optional<Lsn> take(List<SourceTransaction> transactions) throws SQLException {
    Lsn before = position;
    Batch batch = new Batch();
    for (SourceTransaction transaction : transactions) {
      if (position.hasReached(transaction.commit())) {
        // A replay: it was applied before the last restart.
        continue;
      }
      batch.add(transaction);
      if (batch.changes() >= settings.batchChanges()
          || batch.characters() >= settings.transactionCharacters()) {
        apply(batch);
        batch = new Batch();
      }
    }
    if (!batch.isEmpty()) {
      apply(batch);
    }
    if (position.equals(before)) {
      return transactions.isEmpty() ? Optional.empty() : Optional.of(position);
    }
    faults.reach("relay.ack.before");
    return Optional.of(position);
  }

  private void apply(Batch batch) throws SQLException {
    try {
      apply(batch, Manner.UPSERT);
    } catch (SQLException e) {
      target.rollback();
      if (!isConflict(e)) {
        throw e;
      }
      apply(batch, Manner.REPLACE);
    }
    position = batch.end();
    progressedAt = System.nanoTime();
    log.debug(
        "stream {}: applied {} transactions with {} changes up to {}",
        stream.name(),
        batch.transactions(),
        batch.changes(),
        batch.end());
  }

  private void apply(Batch batch, Manner manner) throws SQLException {
    positionRow.move(batch);
    for (TableBatch table : batch.tables()) {
      TableWriter writer = writer(table.table());
      if (table.truncated().isPresent()) {
        writer.clear();
      }
      writer.write(table.rows(), manner);
    }
    faults.reach("relay.apply.before-commit");
    target.commit();
    faults.reach("relay.apply.after-commit");
  }

  private TableWriter writer(TableShape table) {
    TableWriter writer = writers.get(table.target());
    if (writer == null) {
      throw new IllegalStateException("no writer for table " + table.target());
    }
    return writer;
  }

  private static boolean isConflict(SQLException e) {
    return SqlErrors.has(e, SqlErrors.UNIQUE_VIOLATION) || SqlErrors.has(e, EXCLUSION_VIOLATION);
  }

  @Override
  public void close() throws SQLException {
    for (TableWriter writer : writers.values()) {
      writer.close();
    }
  }
}
