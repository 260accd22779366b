package dev.ficus.relay.internal.backfill;

import dev.ficus.core.Direction;
import dev.ficus.core.FaultPoints;
import dev.ficus.core.Lsn;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostponedDefinitions;
import dev.ficus.postgres.ReplicaRole;
import dev.ficus.postgres.RowMapping;
import dev.ficus.postgres.SlotLock;
import dev.ficus.postgres.Slots;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.TableCopies;
import dev.ficus.relay.RelaySettings;
import dev.ficus.relay.internal.apply.TableOrder;
import dev.ficus.relay.internal.ddl.ShapeRows;
import dev.ficus.relay.internal.ddl.ShapeRows.Remembered;
import dev.ficus.relay.internal.ddl.SourceCatalog;
import dev.ficus.relay.internal.ddl.SourceShape;
import dev.ficus.relay.internal.shape.StreamShape;
import dev.ficus.relay.internal.shape.TableShape;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fills the target's tables from the snapshot that the stream's slot exported (rule R2).
 *
 * <ol>
 *   <li>The stream's row says COPYING and bears no position: whoever copied before may commit no
 *       more ({@link CopyRow#hold}). What an earlier copy dropped is restored on emptied tables.
 *   <li>The source's tables are locked against rewriting ({@link SourceLocks}) and compared.
 *   <li>The slot is made, and with it the snapshot; where somebody else publishes the changes, it
 *       is one for the snapshot alone ({@link Publisher}).
 *   <li>The target's tables are emptied and their indexes postponed; or, for a reference copy, all
 *       is done in one transaction, since its readers must never see a hole.
 *   <li>Workers copy chunks and build indexes ({@link Worker}).
 *   <li>Foreign keys are restored, and the row says STREAMING, in one commit.
 * </ol>
 *
 * <p>A lost worker's connection costs its chunk alone. The snapshot dies with this process, and the
 * tables that were not finished with it: see {@link UnfinishedCopy}.
 */
public final class Backfill {

  private static final Logger log = LoggerFactory.getLogger(Backfill.class);
  private static final Duration SLOT_DROP_TIMEOUT = Duration.ofSeconds(10);

  private final Database source;
  private final Database target;
  private final Connection leased;
  private final StreamRow stream;
  private final Connections connections;
  private final Optional<? extends Publisher> publisher;
  private final RelaySettings settings;
  private final FaultPoints faults;
  private final CopyRow row;

  /**
   * Opens connections that the runner closes when the stream is to end: a COPY or the creation of a
   * slot ends no other way.
   */
  public interface Connections {
    Connection open(Database database);

    Connection openForReplication(Database database);
  }

  /** Whoever publishes the changes of a stream that has no slot of its own. */
  public interface Publisher {

    /**
     * Makes ready for a snapshot that is taken afterwards.
     *
     * @param source a connection in auto-commit mode
     */
    void prepare(Connection source, List<TableShape> shapes) throws Exception;

    /** Notes where its changes are read from, in the transaction that notes the snapshot. */
    void begin(Connection target) throws SQLException;
  }

  /**
   * @param leased the connection to the target that bears the stream's lease
   * @param publisher of the stream's changes; absent where its own slot sends them
   */
  public Backfill(
      Database source,
      Database target,
      Connection leased,
      StreamRow stream,
      Connections connections,
      Optional<? extends Publisher> publisher,
      RelaySettings settings,
      FaultPoints faults) {
    this.source = source;
    this.target = target;
    this.leased = leased;
    this.stream = stream;
    this.connections = connections;
    this.publisher = publisher;
    this.settings = settings;
    this.faults = faults;
    this.row = new CopyRow(stream);
  }

  /** Copies everything; the stream's row is STREAMING when this returns. */
  public void run() throws Exception {
    leased.setAutoCommit(true);
    row.begin(leased);
    ReplicaRole role = Worker.prepare(leased);
    restore();
    try (Connection locks = connections.open(source)) {
      SourceLocks.take(locks, stream.tables());
      List<TableShape> shapes = StreamShape.verify(source, locks, leased, stream);
      remember(locks);
      leased.commit();
      SourceLocks released = SourceLocks.release(locks, stream.tables());
      if (publisher.isPresent()) {
        try (Connection ready = connections.open(source)) {
          publisher.get().prepare(ready, shapes);
        }
        faults.reach("relay.copy.prepared");
      }
      try (ExportedSnapshot snapshot = export()) {
        faults.reach("relay.slot.created");
        released.takeAgain(locks);
        Cut cut = Cut.of(locks, shapes, settings.copyChunkBytes());
        row.snapshotTaken(
            leased, source.identity(), snapshot.consistentPoint(), cut.rowsEstimated());
        TableCopies.list(leased, stream, snapshot.consistentPoint());
        if (publisher.isPresent()) {
          publisher.get().begin(leased);
        }
        Progress progress = new Progress(stream.name(), row, cut.bytes());
        log.info(
            "stream {}: slot {} of {} stands at {}; copying {} tables in {} chunks",
            stream.name(),
            stream.slot(),
            source,
            snapshot.consistentPoint(),
            shapes.size(),
            cut.chunks().size());
        if (stream.direction() == Direction.REFERENCE) {
          progress.begin(leased, 0);
          leased.commit();
          copyAtOnce(snapshot, shapes, cut, progress);
        } else {
          new ParallelCopy(
                  source,
                  target,
                  leased,
                  stream,
                  connections,
                  settings,
                  faults,
                  row,
                  progress,
                  role)
              .run(
                  snapshot,
                  locks,
                  shapes,
                  cut,
                  shape -> TableCopies.finish(leased, stream.name(), shape.source()));
        }
        SourceLocks.verifyHeld(locks);
        TableCopies.forget(leased, stream.name());
        row.streaming(leased, progress.copiedRows());
        faults.reach("relay.copy.before-commit");
        leased.commit();
        faults.reach("relay.copy.after-commit");
        log.info("stream {}: copied {} rows", stream.name(), progress.copiedRows());
      }
    }
  }

  private ExportedSnapshot export() throws SQLException {
    faults.reach("relay.slot.wanted");
    Connection holder = connections.openForReplication(source);
    try {
      // All that is made in the source is made on the connection that has the lock.
      if (!SlotLock.takeOver(holder, leased, stream, StreamState.COPYING)) {
        throw row.ended();
      }
      leased.commit();
      Slots.dropSlot(holder, stream.slot(), SLOT_DROP_TIMEOUT);
      if (publisher.isPresent()) {
        return ExportedSnapshot.createTemporary(holder, source, stream.slot());
      }
      new Slots(source)
          .publish(
              holder,
              stream.publication(),
              stream.tables().stream().map(StreamTable::source).toList());
      return ExportedSnapshot.create(holder, source, stream.slot());
    } catch (SQLException | RuntimeException e) {
      holder.close();
      throw e;
    }
  }

  /** The locks keep the tables as they are now until the slot stands, and with it the position. */
  private void remember(Connection locks) throws SQLException {
    for (StreamTable table : stream.tables()) {
      SourceShape shape = SourceCatalog.describe(locks, table.source()).orElseThrow();
      ShapeRows.write(
          leased, stream.name(), table.source(), Remembered.now(locks, shape, Lsn.ZERO));
    }
  }

  /** Puts back what an earlier copy of this stream dropped, onto emptied tables. */
  private void restore() throws SQLException {
    if (!PostponedDefinitions.list(leased, stream.name()).isEmpty()) {
      TargetTables.empty(
          leased,
          stream.tables().stream()
              .filter(table -> table.mapping().filter(RowMapping::isPartial).isEmpty())
              .map(StreamTable::target)
              .toList());
      int restored = PostponedDefinitions.restore(leased, stream.name());
      leased.commit();
      log.info(
          "stream {}: restored {} indexes and constraints that an earlier copy had dropped",
          stream.name(),
          restored);
      faults.reach("relay.copy.restored");
    }
    leased.commit();
  }

  /** Copies in the one transaction that the caller commits, so that readers never see a hole. */
  private void copyAtOnce(
      ExportedSnapshot snapshot, List<TableShape> shapes, Cut cut, Progress progress)
      throws SQLException {
    try (Connection reader = connections.open(source);
        Connection watcher = connections.open(target)) {
      Timeouts.lift(reader);
      snapshot.adopt(reader);
      SourceLocks.share(reader, shapes);
      // Where foreign keys act, children go before their parents and come after them.
      TableOrder order =
          TableOrder.read(leased, stream.tables().stream().map(StreamTable::target).toList());
      TargetTables.delete(
          leased, cut.tables().stream().sorted(order.parentsFirst().reversed()).toList());
      for (Chunk chunk : parentsFirst(cut.chunks(), order)) {
        long[] passed = {0};
        long rows =
            CopyPipe.copy(
                reader,
                leased,
                chunk,
                (more, bytes) -> {
                  passed[0] += more;
                  progress.rows(more);
                  progress.show(watcher, Optional.empty());
                });
        progress.rows(rows - passed[0]);
        progress.chunkCopied(chunk);
      }
      reader.rollback();
    }
  }

  private static List<Chunk> parentsFirst(List<Chunk> chunks, TableOrder order) {
    return chunks.stream()
        .sorted(Comparator.comparing(chunk -> chunk.table().target(), order.parentsFirst()))
        .toList();
  }
}
