package dev.ficus.relay.internal.backfill;

import dev.ficus.core.Lsn;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.Slots;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;

/**
 * A new slot and the snapshot that its creation exported: the rows as of exactly the place from
 * which the slot will send changes (rule R2).
 *
 * <p>The snapshot lives as long as this connection stays open and idle.
 */
final class ExportedSnapshot implements AutoCloseable {

  private static final int VERSION_WITH_OPTION_LIST = 15;

  /** An unknown snapshot is an invalid parameter up to PostgreSQL 16, an undefined object later. */
  private static final Set<String> GONE = Set.of("22023", "42704");

  private final Connection holder;
  private final Lsn consistentPoint;
  private final String name;

  private ExportedSnapshot(Connection holder, Lsn consistentPoint, String name) {
    this.holder = holder;
    this.consistentPoint = consistentPoint;
    this.name = name;
  }

  /** Creates the slot; this waits for every transaction that runs in the source now. */
  static ExportedSnapshot create(Connection holder, Database source, String slot) {
    return create(holder, source, slot, "");
  }

  /** The same with a slot that goes with the connection, for its snapshot alone. */
  static ExportedSnapshot createTemporary(Connection holder, Database source, String slot) {
    return create(holder, source, slot, "TEMPORARY ");
  }

  private static ExportedSnapshot create(
      Connection holder, Database source, String slot, String kind) {
    try (Statement statement = holder.createStatement()) {
      // Before the slot: the next command on this connection ends the snapshot.
      Timeouts.lift(holder);
      String create =
          "CREATE_REPLICATION_SLOT " + Quoted.name(slot) + " " + kind + "LOGICAL pgoutput ";
      int version = holder.getMetaData().getDatabaseMajorVersion();
      String export =
          kind.isEmpty() && Slots.canFailOver(version)
              ? "(SNAPSHOT 'export', FAILOVER)"
              : version >= VERSION_WITH_OPTION_LIST ? "(SNAPSHOT 'export')" : "EXPORT_SNAPSHOT";
      try (ResultSet row = statement.executeQuery(create + export)) {
        row.next();
        return new ExportedSnapshot(
            holder, Lsn.parse(row.getString("consistent_point")), row.getString("snapshot_name"));
      }
    } catch (SQLException e) {
      throw PostgresException.sql("creating slot " + slot + " with a snapshot in " + source, e);
    }
  }

  /** Every transaction that committed before this place is in the snapshot, and none after it. */
  Lsn consistentPoint() {
    return consistentPoint;
  }

  /**
   * Makes a connection's new transaction read this snapshot.
   *
   * @throws SnapshotGone if the holder's connection has ended
   */
  void adopt(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute("set transaction isolation level repeatable read, read only");
      statement.execute("set transaction snapshot " + Quoted.literal(name));
    } catch (SQLException e) {
      if (GONE.contains(String.valueOf(e.getSQLState()))) {
        throw new SnapshotGone(e);
      }
      throw e;
    }
  }

  @Override
  public void close() throws SQLException {
    holder.close();
  }
}
