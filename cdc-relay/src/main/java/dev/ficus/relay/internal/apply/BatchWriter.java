package dev.ficus.relay.internal.apply;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.postgres.ReplicaRole;
import dev.ficus.postgres.SqlErrors;
import dev.ficus.postgres.StreamRow;
import dev.ficus.relay.internal.apply.TableWriter.Manner;
import dev.ficus.relay.internal.capture.RowKey;
import dev.ficus.relay.internal.ddl.Addition;
import dev.ficus.relay.internal.shape.TableShape;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Writes one batch in one transaction of the target. */
final class BatchWriter implements AutoCloseable {

  private static final String EXCLUSION_VIOLATION = "23P01";
  private static final int ATTEMPTS = 10;

  private final Connection target;
  private final StreamRow stream;
  private final FaultPoints faults;
  private final PositionRow positionRow;
  private final Guards guards;
  private final ReplicaRole role;
  private final TableOrder order;
  private final LooseForeignKeys looseForeignKeys;
  private final Map<TableName, TableWriter> writers = new HashMap<>();
  private boolean guarded;

  BatchWriter(
      Connection target,
      StreamRow stream,
      List<TableShape> shapes,
      ReplicaRole role,
      FaultPoints faults)
      throws SQLException {
    this.target = target;
    this.stream = stream;
    this.role = role;
    this.order = TableOrder.read(target, shapes.stream().map(TableShape::target).toList());
    target.commit();
    this.faults = faults;
    this.positionRow = new PositionRow(target, stream);
    this.guards = new Guards(target, stream);
    this.looseForeignKeys = new LooseForeignKeys(target, stream, shapes, role);
    for (TableShape shape : shapes) {
      writers.put(shape.target(), new TableWriter(target, shape));
    }
  }

  /** What became of a batch. */
  sealed interface Outcome {

    /** It is committed. */
    record Applied(Duration took) implements Outcome {}

    /** A row dual-written from the stream's future is in its way; nothing was written. */
    record Blocked(Lsn until) implements Outcome {}
  }

  /**
   * Writes and commits a batch.
   *
   * <p>While the group dual-writes, a unique value can be in the way that no past state of the
   * source held:
   *
   * <ol>
   *   <li>the source gives the value {@code z} to row D and, later, takes it away and gives it to
   *       row C;
   *   <li>the dual write of C arrives before the stream has brought any of that;
   *   <li>the stream inserts D: {@code z} is taken, by a row from its own future.
   * </ol>
   *
   * At a commit of the source there is no such conflict. So the batch waits and takes in what
   * follows, up to the newest dual write known when it met the conflict: then C is of its past, and
   * D has lost the value in the very same batch. Nothing that a dual write wrote is ever undone,
   * and no change is skipped.
   */
  Outcome write(Advance advance, Companion.Move companion, Batch batch) throws SQLException {
    long begun = System.nanoTime();
    for (int attempt = 1; ; attempt++) {
      try {
        guarded = positionRow.move(advance, companion);
        writeTables(advance.from(), batch, attempt == 1 ? Manner.UPSERT : Manner.REPLACE);
        commit(advance);
        return new Outcome.Applied(Duration.ofNanos(System.nanoTime() - begun));
      } catch (SQLException e) {
        target.rollback();
        if (isConflict(e) && attempt > 1) {
          Optional<Lsn> until = guarded ? guards.newestAfter(advance.end()) : Optional.empty();
          target.rollback();
          if (until.isEmpty()) {
            throw e;
          }
          return new Outcome.Blocked(until.get());
        }
        if (!(isConflict(e) || SqlErrors.isPassing(e)) || attempt == ATTEMPTS) {
          throw MappingFailure.orStop(target, batch, e);
        }
      } catch (RuntimeException | Error e) {
        takeBackPosition(e);
        throw e;
      }
    }
  }

  /** The next batch fits onto the moved position: nothing may leave it moved but a commit. */
  private void takeBackPosition(Throwable failure) {
    try {
      target.rollback();
    } catch (SQLException e) {
      failure.addSuppressed(e);
    }
  }

  /** Begins a source transaction that is too large to be held: it is written in pieces. */
  void beginPieces(Lsn from) throws SQLException {
    guarded = positionRow.lock(from);
    try (Statement statement = target.createStatement()) {
      // Between two pieces a deferrable constraint may be violated, as it was in the source.
      statement.execute("set constraints all deferred");
    }
  }

  /**
   * Writes a piece of such a transaction.
   *
   * <p>A piece ends between two row changes of the source, and there each constraint that is not
   * deferrable held: so a unique conflict is one of order within the piece, and REPLACE has none.
   */
  void writePiece(Lsn from, Batch piece) throws SQLException {
    Savepoint before = target.setSavepoint();
    try {
      writeTables(from, piece, Manner.UPSERT);
    } catch (SQLException e) {
      if (!isConflict(e)) {
        throw MappingFailure.orStop(target, piece, e);
      }
      target.rollback(before);
      writeTables(from, piece, Manner.REPLACE);
    }
    target.releaseSavepoint(before);
    faults.reach("relay.apply.piece-written");
  }

  /** Gives a table what it has got in the source, within such a transaction. */
  void add(Addition addition) throws SQLException {
    Additions.perform(target, stream, addition);
    TableWriter before =
        writers.put(addition.after().target(), new TableWriter(target, addition.after()));
    if (before != null) {
      before.close();
    }
  }

  /** Ends such a transaction and commits it. */
  void commitPieces(Advance advance, Companion.Move companion) throws SQLException {
    positionRow.move(advance, companion);
    commit(advance);
  }

  /** The newest position that the target has flushed. */
  Lsn flushed() {
    return positionRow.flushed();
  }

  /** Gives up such a transaction. */
  void abandonPieces() throws SQLException {
    target.rollback();
  }

  private void writeTables(Lsn from, Batch batch, Manner manner) throws SQLException {
    if (guarded && batch.tables().stream().anyMatch(table -> table.truncated().isPresent())) {
      guards.closeAgainstDualWrites();
    }
    looseForeignKeys.note(batch);
    role.deferChecks(target);
    for (TableBatch table : batch.tables()) {
      writer(table.table()).prepare(table.rows(), manner);
    }
    if (!role.isReplica()) {
      writeInOrder(from, batch, manner);
    }
    for (TableBatch table : role.isReplica() ? batch.tables() : List.<TableBatch>of()) {
      TableWriter writer = writer(table.table());
      if (table.truncated().isPresent()) {
        if (guarded) {
          guards.clear(table.table(), table.truncated().get());
        } else {
          writer.clear();
        }
      }
      Map<RowKey, RowState> rows = guarded ? guards.won(table, from) : table.rows();
      writer.write(rows, manner);
    }
  }

  private void commit(Advance advance) throws SQLException {
    looseForeignKeys.carry();
    if (guarded) {
      guards.purge(advance.end());
    }
    faults.reach("relay.apply.before-commit");
    target.commit();
    faults.reach("relay.apply.after-commit");
  }

  /** Where foreign keys act: what {@link OrderedWrites} says, with the same guards. */
  private void writeInOrder(Lsn from, Batch batch, Manner manner) throws SQLException {
    OrderedWrites writes = new OrderedWrites(order);
    Map<TableName, Map<RowKey, RowState>> rows = new LinkedHashMap<>();
    List<TableName> cleared = new ArrayList<>();
    for (TableBatch table : batch.tables()) {
      if (table.truncated().isPresent() && guarded) {
        guards.clear(table.table(), table.truncated().get());
      } else if (table.truncated().isPresent()) {
        cleared.add(table.table().target());
      }
      rows.put(table.table().target(), guarded ? guards.won(table, from) : table.rows());
    }
    writes.clear(cleared, this::writer);
    writes.write(rows, this::writer, manner);
  }

  private TableWriter writer(TableShape table) {
    return writer(table.target());
  }

  private TableWriter writer(TableName table) {
    TableWriter writer = writers.get(table);
    if (writer == null) {
      throw new IllegalStateException("no writer for table " + table);
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
