package dev.ficus.relay.internal.backfill;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostponedDefinitions;
import dev.ficus.postgres.PostponedDefinitions.Definition;
import dev.ficus.postgres.PostponedDefinitions.Kind;
import dev.ficus.postgres.ReplicaRole;
import dev.ficus.postgres.Slots;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.Table;
import dev.ficus.postgres.TableCopies;
import dev.ficus.postgres.Tables;
import dev.ficus.relay.RelaySettings;
import dev.ficus.relay.internal.apply.StreamEnded;
import dev.ficus.relay.internal.ddl.ShapeRows;
import dev.ficus.relay.internal.ddl.ShapeRows.Remembered;
import dev.ficus.relay.internal.ddl.SourceCatalog;
import dev.ficus.relay.internal.shape.StreamShape;
import dev.ficus.relay.internal.shape.TableShape;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies some tables of a stream anew, each other table keeping what it has.
 *
 * <p>The place where a new copy fits into a stream that has a position P already:
 *
 * <ol>
 *   <li>a temporary slot is made, and exports the snapshot of its consistent point S, which lies at
 *       or past P (rule R2: only these two are a pair);
 *   <li>the stream goes on from P to S and no further, leaving out the changes of these tables:
 *       every transaction that committed before S is in the snapshot, and none after it;
 *   <li>now every other table is as of S. These tables are emptied and copied from the snapshot;
 *   <li>the commit that ends the copy forgets the request. From it on the stream carries all tables
 *       again, from a position that all of them are at.
 * </ol>
 *
 * <p>So the other tables wait for the copy, and the slot holds back WAL for as long as it takes. In
 * exchange there is no table whose changes are skipped up to a point of its own, and the target is
 * a past state of the source again the moment the copy ends (rule R3).
 *
 * <p>The source's tables are locked from the end of step 2 on, not while the stream goes on. An
 * engine that starts reads the catalog of each table:
 *
 * <ol>
 *   <li>somebody wants to truncate a table, and waits for the copy's lock;
 *   <li>the engine reads that table's columns, and queues behind the truncation;
 *   <li>the copy waits for the engine: nobody can write the table any more, for ever.
 * </ol>
 *
 * What was done to the tables meanwhile shows when they are locked, and the copy begins again.
 *
 * <p>Whoever dies in the middle leaves the request behind for the tables that were not finished,
 * and a stream with a request does not stream before it is fulfilled: the next relay begins again
 * with a new snapshot, and takes the finished ones along to it. The slot goes with its connection.
 */
public final class Recopy {

  private static final Logger log = LoggerFactory.getLogger(Recopy.class);

  private final Database source;
  private final Database target;
  private final Connection leased;
  private final StreamRow stream;
  private final Backfill.Connections connections;
  private final RelaySettings settings;
  private final FaultPoints faults;
  private final TableCopyRow row;

  /** Takes the stream up to a place, leaving tables out. */
  @FunctionalInterface
  public interface CatchUp {
    /**
     * Applies every transaction that committed before a place, and none after it.
     *
     * @return whether it came there; otherwise the stream is to end
     */
    boolean until(Lsn place) throws Exception;
  }

  /**
   * @param leased the connection to the target that bears the stream's lease
   */
  public Recopy(
      Database source,
      Database target,
      Connection leased,
      StreamRow stream,
      Backfill.Connections connections,
      RelaySettings settings,
      FaultPoints faults) {
    this.source = source;
    this.target = target;
    this.leased = leased;
    this.stream = stream;
    this.connections = connections;
    this.settings = settings;
    this.faults = faults;
    this.row = new TableCopyRow(stream);
  }

  /** Copies the tables; nothing asks for their copy any more when this returns. */
  public void run(Set<TableName> tables, CatchUp catchUp) throws Exception {
    StreamRow narrowed = narrowed(tables);
    List<TableName> names = narrowed.tables().stream().map(StreamTable::source).toList();
    new Slots(source).publishAlso(stream.publication(), names);
    leased.setAutoCommit(true);
    ReplicaRole role = Worker.prepare(leased);
    try (Connection locks = connections.open(source)) {
      SourceLocks.take(locks, narrowed.tables());
      restore(narrowed.tables().stream().map(StreamTable::target).toList());
      List<TableShape> shapes = StreamShape.verify(source, locks, leased, narrowed);
      Map<StreamTable, Remembered> described = new LinkedHashMap<>();
      for (StreamTable table : narrowed.tables()) {
        // Notices of before the snapshot are never read again; one in a transaction that commits
        // past it still counts.
        described.put(
            table,
            Remembered.now(
                locks, SourceCatalog.describe(locks, table.source()).orElseThrow(), Lsn.ZERO));
      }
      leased.commit();
      SourceLocks released = SourceLocks.release(locks, narrowed.tables());
      String slot = "ficus_recopy_" + Long.toHexString(System.nanoTime());
      try (ExportedSnapshot snapshot =
          ExportedSnapshot.createTemporary(connections.openForReplication(source), source, slot)) {
        faults.reach("relay.recopy.slot-created");
        Lsn point = snapshot.consistentPoint();
        begin(role, point);
        if (!catchUp.until(point)) {
          throw new StreamEnded("stream " + stream.name() + " is to end while it copies " + names);
        }
        faults.reach("relay.recopy.caught-up");
        released.takeAgain(locks);
        leased.setAutoCommit(false);
        Cut cut = Cut.of(locks, shapes, settings.copyChunkBytes());
        Progress progress = new Progress(stream.name(), row, cut.bytes());
        log.info("stream {}: copying {} anew as of {}", stream.name(), names, point);
        new ParallelCopy(
                source, target, leased, stream, connections, settings, faults, row, progress, role)
            .run(
                snapshot,
                locks,
                shapes,
                cut,
                shape -> {
                  StreamTable table = table(described.keySet(), shape);
                  finish(table, described.remove(table));
                });
        SourceLocks.verifyHeld(locks);
        row.hold(leased, point);
        for (Map.Entry<StreamTable, Remembered> table : described.entrySet()) {
          finish(table.getKey(), table.getValue());
        }
        faults.reach("relay.recopy.before-commit");
        leased.commit();
        faults.reach("relay.recopy.after-commit");
        log.info(
            "stream {}: copied {} rows of {} anew", stream.name(), progress.copiedRows(), names);
      }
    }
  }

  /**
   * Puts back the indexes that an earlier attempt dropped, onto emptied tables; foreign keys wait
   * for the end, since other tables are full.
   */
  private void restore(List<TableName> targets) throws SQLException {
    List<Definition> left =
        PostponedDefinitions.list(leased, stream.name()).stream()
            .filter(it -> targets.contains(it.table()) && it.kind() != Kind.FOREIGN_KEY)
            .toList();
    if (!left.isEmpty()) {
      TargetTables.empty(leased, targets);
      for (Definition definition : left) {
        PostponedDefinitions.build(leased, definition);
      }
      for (Definition definition : left) {
        PostponedDefinitions.attach(leased, definition);
      }
    }
    leased.commit();
  }

  /** The stream with these tables alone, and with the columns that they have in the source now. */
  private StreamRow narrowed(Set<TableName> tables) throws SQLException {
    List<StreamTable> narrowed = new ArrayList<>();
    try (Connection reader = connections.open(source)) {
      for (StreamTable table : stream.tables()) {
        if (tables.contains(table.source()) && table.mapping().isPresent()) {
          // Its transform is made for the columns that it has.
          narrowed.add(table);
        } else if (tables.contains(table.source())) {
          Table now = Tables.read(reader, source.toString(), table.source());
          narrowed.add(
              new StreamTable(
                  table.source(),
                  table.target(),
                  now.writtenColumns(),
                  now.key().isEmpty() ? table.key() : now.key()));
        }
      }
    }
    return stream.withTables(narrowed);
  }

  private void begin(ReplicaRole role, Lsn point) throws SQLException {
    if (!TableCopies.begin(leased, stream.name(), point)) {
      throw new StreamEnded("stream " + stream.name() + " may not copy tables anew any more");
    }
    if (!role.isReplica()) {
      // Rows of other tables may refer to rows that only the copy will bring.
      PostponedDefinitions.postponeKeys(
          leased, stream.name(), stream.tables().stream().map(StreamTable::target).toList());
    }
    leased.commit();
    faults.reach("relay.recopy.begun");
  }

  private static StreamTable table(Collection<StreamTable> tables, TableShape shape) {
    return tables.stream()
        .filter(table -> table.source().equals(shape.source()))
        .findFirst()
        .orElseThrow();
  }

  private void finish(StreamTable table, Remembered described) throws SQLException {
    ShapeRows.carry(leased, stream.name(), table.source(), table.columns(), table.key());
    ShapeRows.write(leased, stream.name(), table.source(), described);
    ShapeRows.settle(leased, stream.name(), table.source());
    TableCopies.finish(leased, stream.name(), table.source());
  }
}
