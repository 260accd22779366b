package dev.ficus.relay.internal.backfill;

import dev.ficus.core.Direction;
import dev.ficus.core.FaultPoints;
import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostponedDefinitions;
import dev.ficus.postgres.PostponedDefinitions.Definition;
import dev.ficus.postgres.PostponedDefinitions.Kind;
import dev.ficus.postgres.ReplicaRole;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTable;
import dev.ficus.relay.RelaySettings;
import dev.ficus.relay.internal.shape.TableShape;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One copy by several workers on one snapshot, chunk by chunk.
 *
 * <p>A table is finished as soon as its rows and indexes are there and the source's locks are seen
 * to have held until then; but the last one, with whatever is left, by the caller, in the commit
 * that ends the copy. So a copy that dies has no table half noted, and something left to copy.
 */
final class ParallelCopy {

  private static final Logger log = LoggerFactory.getLogger(ParallelCopy.class);

  private final Database source;
  private final Database target;
  private final Connection leased;
  private final StreamRow stream;
  private final Backfill.Connections connections;
  private final RelaySettings settings;
  private final FaultPoints faults;
  private final CopyRow row;
  private final Progress progress;
  private final ReplicaRole role;

  /** Notes that a table is finished, in the open transaction. */
  @FunctionalInterface
  interface Finisher {
    void finish(TableShape shape) throws SQLException;
  }

  ParallelCopy(
      Database source,
      Database target,
      Connection leased,
      StreamRow stream,
      Backfill.Connections connections,
      RelaySettings settings,
      FaultPoints faults,
      CopyRow row,
      Progress progress,
      ReplicaRole role) {
    this.source = source;
    this.target = target;
    this.leased = leased;
    this.stream = stream;
    this.connections = connections;
    this.settings = settings;
    this.faults = faults;
    this.row = row;
    this.progress = progress;
    this.role = role;
  }

  /**
   * Copies all chunks and builds all indexes; the caller commits the end, in the transaction that
   * this leaves open.
   *
   * @param locks the source connection that keeps the tables as they are
   * @param finisher is called for tables that are whole before others are
   */
  void run(
      ExportedSnapshot snapshot,
      Connection locks,
      List<TableShape> shapes,
      Cut cut,
      Finisher finisher)
      throws Exception {
    ChunkLedger ledger = new ChunkLedger(stream.name(), snapshot.consistentPoint());
    List<Definition> postponed = empty(ledger, shapes, cut);
    Agenda agenda = new Agenda(cut.chunks(), postponed);
    Throttle throttle = new Throttle(stream);
    List<TableShape> unfinished = new ArrayList<>(shapes);
    int workers = Math.min(settings.copyWorkers(), Math.max(1, cut.chunks().size()));
    leased.setAutoCommit(true);
    throttle.look(leased, locks);
    try (WorkerSides sides = new WorkerSides(snapshot, shapes)) {
      Workers.run(
          workers,
          agenda,
          () ->
              new Worker(
                  sides,
                  agenda,
                  ledger,
                  row,
                  snapshot.consistentPoint(),
                  progress,
                  throttle,
                  faults),
          () -> {
            throttle.look(leased, locks);
            progress.show(leased, throttle.paused());
            finishCompleted(
                agenda.takeCompleted(), unfinished, locks, snapshot.consistentPoint(), finisher);
          },
          () -> {
            throttle.end();
            sides.abort();
          });
    }
    progress.showNow(leased, throttle.paused());
    leased.setAutoCommit(false);
    PartialTables.end(leased, shapes);
    // Foreign keys come last: each needs the rows and the index of another table.
    for (Definition definition : postponed) {
      if (definition.kind() == Kind.FOREIGN_KEY) {
        PostponedDefinitions.attach(leased, definition);
      }
    }
    PostponedDefinitions.restore(leased, stream.name());
    ledger.clear(leased);
  }

  private void finishCompleted(
      List<TableName> completed,
      List<TableShape> unfinished,
      Connection locks,
      Lsn point,
      Finisher finisher)
      throws SQLException {
    List<TableShape> whole =
        unfinished.stream()
            .filter(shape -> completed.contains(shape.target()) && !PartialTables.isPartial(shape))
            .limit(unfinished.size() - 1L)
            .toList();
    if (whole.isEmpty()) {
      return;
    }
    SourceLocks.verifyHeld(locks);
    leased.setAutoCommit(false);
    row.hold(leased, point);
    for (TableShape shape : whole) {
      finisher.finish(shape);
    }
    faults.reach("relay.copy.finish-before-commit");
    leased.commit();
    leased.setAutoCommit(true);
    unfinished.removeAll(whole);
    faults.reach("relay.copy.finish-after-commit");
  }

  private List<Definition> empty(ChunkLedger ledger, List<TableShape> shapes, Cut cut)
      throws SQLException {
    List<TableName> all = stream.tables().stream().map(StreamTable::target).toList();
    if (!role.isReplica()) {
      // Chunks come in any order, and so parents may come after their children.
      PostponedDefinitions.postponeKeys(leased, stream.name(), all);
    }
    if (stream.direction() == Direction.FORWARD) {
      PostponedDefinitions.postpone(leased, stream.name(), cut.largeTables(), all);
    }
    TargetTables.empty(
        leased,
        shapes.stream()
            .filter(shape -> !PartialTables.isPartial(shape))
            .map(TableShape::target)
            .toList());
    PartialTables.begin(leased, shapes);
    ledger.clear(leased);
    row.copied(leased, 0);
    List<Definition> postponed = PostponedDefinitions.list(leased, stream.name());
    Set<TableName> targets =
        shapes.stream().map(TableShape::target).collect(Collectors.toUnmodifiableSet());
    progress.begin(
        leased,
        (int)
            postponed.stream()
                .filter(it -> targets.contains(it.table()) && it.build().isPresent())
                .count());
    leased.commit();
    log.info(
        "stream {}: {} indexes and constraints are built after the rows",
        stream.name(),
        postponed.size());
    faults.reach("relay.copy.truncated");
    return postponed;
  }

  /** The workers' connections, to be broken where the copy ends early. */
  private final class WorkerSides implements Worker.Sides, AutoCloseable {

    private final ExportedSnapshot snapshot;
    private final List<TableShape> shapes;
    private final Queue<Connection> open = new ConcurrentLinkedQueue<>();
    private volatile boolean closed;

    WorkerSides(ExportedSnapshot snapshot, List<TableShape> shapes) {
      this.snapshot = snapshot;
      this.shapes = shapes;
    }

    @Override
    public Connection source() throws SQLException {
      Connection connection = remember(connections.open(source));
      Timeouts.lift(connection);
      snapshot.adopt(connection);
      SourceLocks.share(connection, shapes);
      return connection;
    }

    @Override
    public Connection target() throws SQLException {
      Connection connection = remember(connections.open(target));
      Worker.prepare(connection);
      return connection;
    }

    private Connection remember(Connection connection) {
      open.add(connection);
      if (closed) {
        abort(connection);
      }
      return connection;
    }

    void abort() {
      closed = true;
      open.forEach(WorkerSides::abort);
    }

    @Override
    public void close() {
      abort();
    }

    private static void abort(Connection connection) {
      try {
        connection.abort(Runnable::run);
      } catch (SQLException e) {
        log.debug("a worker's connection could not be aborted", e);
      }
    }
  }
}
