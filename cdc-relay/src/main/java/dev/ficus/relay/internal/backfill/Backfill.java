package dev.ficus.relay.internal.backfill;

import dev.ficus.core.Direction;
import dev.ficus.core.FaultPoints;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.ReplicaRole;
import dev.ficus.postgres.Slots;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTable;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.apply.TableOrder;
import dev.ficus.relay.internal.shape.StreamShape;
import dev.ficus.relay.internal.shape.TableShape;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fills the target's tables from the snapshot that the stream's slot exported (rule R2).
 *
 * <p>The snapshot dies with this process. A restart therefore begins again: new slot, emptied
 * tables.
 */
public final class Backfill {

  private static final Logger log = LoggerFactory.getLogger(Backfill.class);
  private static final Duration SLOT_DROP_TIMEOUT = Duration.ofSeconds(10);
  private static final String FEATURE_NOT_SUPPORTED = "0A000";

  private final Database source;
  private final Database target;
  private final Connection leased;
  private final StreamRow stream;
  private final Connections connections;
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

  /**
   * @param leased the connection to the target that bears the stream's lease
   */
  public Backfill(
      Database source,
      Database target,
      Connection leased,
      StreamRow stream,
      Connections connections,
      FaultPoints faults) {
    this.source = source;
    this.target = target;
    this.leased = leased;
    this.stream = stream;
    this.connections = connections;
    this.faults = faults;
    this.row = new CopyRow(stream);
  }

  /** Copies everything; the stream's row is STREAMING when this returns. */
  public void run() throws SQLException {
    leased.setAutoCommit(true);
    row.begin(leased);
    try (Connection reader = connections.open(source);
        Connection watcher = connections.open(target)) {
      List<TableShape> shapes = StreamShape.verify(source, reader, leased, stream);
      Slots slots = new Slots(source);
      slots.drop(stream.slot(), SLOT_DROP_TIMEOUT);
      slots.publish(
          stream.publication(), stream.tables().stream().map(StreamTable::source).toList());
      try (ExportedSnapshot snapshot =
          ExportedSnapshot.create(connections.openForReplication(source), source, stream.slot())) {
        faults.reach("relay.slot.created");
        row.snapshotTaken(
            leased, source.identity(), snapshot.consistentPoint(), estimate(reader, shapes));
        log.info(
            "stream {}: slot {} of {} stands at {}; copying {} tables",
            stream.name(),
            stream.slot(),
            source,
            snapshot.consistentPoint(),
            shapes.size());
        snapshot.adopt(reader);
        long rows = copy(reader, shapes, new Progress(watcher, row));
        reader.rollback();
        log.info("stream {}: copied {} rows", stream.name(), rows);
      }
    }
  }

  private long copy(Connection reader, List<TableShape> all, Progress progress)
      throws SQLException {
    leased.setAutoCommit(false);
    ReplicaRole role = ReplicaRole.take(leased);
    leased.commit();
    // Foreign keys act where the role may not be a replica: parents are copied before children.
    List<TableShape> shapes = role.isReplica() ? all : parentsFirst(all);
    // Readers of a reference copy must never see a hole: everything in one transaction there.
    boolean atOnce = stream.direction() == Direction.REFERENCE;
    if (atOnce) {
      delete(shapes);
    } else {
      truncate(shapes);
      row.copied(leased, 0);
      leased.commit();
      faults.reach("relay.copy.truncated");
    }
    long rows = 0;
    for (TableShape shape : shapes) {
      long copied = CopyPipe.copy(reader, leased, shape, progress::add);
      rows += copied;
      log.debug("stream {}: copied {} rows of {}", stream.name(), copied, shape.source());
      if (!atOnce) {
        row.copied(leased, rows);
        leased.commit();
        faults.reach("relay.copy.table-done");
      }
    }
    row.streaming(leased, rows);
    faults.reach("relay.copy.before-commit");
    leased.commit();
    faults.reach("relay.copy.after-commit");
    return rows;
  }

  private List<TableShape> parentsFirst(List<TableShape> shapes) throws SQLException {
    TableOrder order = TableOrder.read(leased, shapes.stream().map(TableShape::target).toList());
    if (!order.circles().isEmpty()) {
      throw RelayException.stop(
          "tables "
              + order.circles()
              + " of stream "
              + stream.name()
              + " refer to each other in a circle, and the role of "
              + target
              + " may not set session_replication_role",
          "make one of the foreign keys deferrable on both sides, or on PostgreSQL 15 and newer: grant set on parameter session_replication_role");
    }
    leased.commit();
    return shapes.stream()
        .sorted(Comparator.comparing(TableShape::target, order.parentsFirst()))
        .toList();
  }

  private void truncate(List<TableShape> shapes) throws SQLException {
    try (Statement statement = leased.createStatement()) {
      statement.execute(
          "truncate "
              + shapes.stream()
                  .map(shape -> Quoted.table(shape.target()).sql())
                  .collect(Collectors.joining(", ")));
    } catch (SQLException e) {
      if (!FEATURE_NOT_SUPPORTED.equals(e.getSQLState())) {
        throw e;
      }
      // A table outside the stream refers to one of these: TRUNCATE refuses that even when empty.
      leased.rollback();
      delete(shapes);
    }
  }

  private void delete(List<TableShape> shapes) throws SQLException {
    try (Statement statement = leased.createStatement()) {
      for (int last = shapes.size() - 1; last >= 0; last--) {
        statement.execute("delete from " + Quoted.table(shapes.get(last).target()));
      }
    }
  }

  private static long estimate(Connection reader, List<TableShape> shapes) throws SQLException {
    long rows = 0;
    try (PreparedStatement select =
        reader.prepareStatement(
            "select greatest(reltuples, 0)::bigint from pg_class where oid = ?::regclass")) {
      for (TableShape shape : shapes) {
        select.setString(1, Quoted.table(shape.source()).sql());
        try (ResultSet estimate = select.executeQuery()) {
          estimate.next();
          rows += estimate.getLong(1);
        }
      }
    }
    return rows;
  }
}
