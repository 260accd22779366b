package dev.ficus.postgres;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** Logical replication slots and publications of one source database. */
public final class Slots {

  private static final int VERSION_WITH_FAILOVER = 17;

  private static final String CREATE = "select pg_create_logical_replication_slot(?, 'pgoutput')";
  private static final String CREATE_WITH_FAILOVER =
      "select pg_create_logical_replication_slot(?, 'pgoutput', failover => true)";
  private static final String ADVANCE =
      "select end_lsn::text from pg_replication_slot_advance(?, pg_current_wal_flush_lsn())";
  private static final String DROP =
      "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = ?";

  private final Database source;

  public Slots(Database source) {
    this.source = source;
  }

  /**
   * A slot as the server reports it.
   *
   * @param name the slot
   * @param active whether a walsender uses it
   * @param confirmed acknowledged up to here
   * @param retainedBytes how much WAL it holds back
   * @param walStatus {@code reserved}, {@code extended}, {@code unreserved} or {@code lost}
   */
  public record Slot(
      String name, boolean active, Lsn confirmed, long retainedBytes, String walStatus) {}

  /**
   * Whether a server of this major version can keep a slot on its standbys too, which costs nothing
   * where there are none.
   */
  public static boolean canFailOver(int majorVersion) {
    return majorVersion >= VERSION_WITH_FAILOVER;
  }

  /**
   * Makes the publication one of exactly these tables. Changes of partitions are published as those
   * of the table that they belong to, whose name and columns alone the stream knows.
   *
   * <p>One that is there is altered, never dropped: a statement that is about to write one of its
   * tables has read that the table belongs to it, and would fail with "cache lookup failed for
   * publication" where it is gone a moment later.
   */
  public void publish(String publication, List<TableName> tables) {
    try (Connection connection = source.connect("publication " + publication)) {
      publish(connection, publication, tables);
    } catch (SQLException e) {
      throw PostgresException.sql("creating publication " + publication + " in " + source, e);
    }
  }

  /**
   * The same on a connection that has the slot's lock.
   *
   * @param connection to the source in auto-commit mode; one for replication will do
   */
  public void publish(Connection connection, String publication, List<TableName> tables) {
    try (Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      for (String sql : publishSql(connection, publication, tables)) {
        statement.execute(sql);
      }
      DdlNotices.install(connection);
      connection.commit();
      connection.setAutoCommit(true);
    } catch (SQLException e) {
      throw PostgresException.sql("creating publication " + publication + " in " + source, e);
    }
  }

  /** What {@link #publish} runs. */
  private static List<String> publishSql(
      Connection connection, String publication, List<TableName> tables) throws SQLException {
    Quoted name = Quoted.name(publication);
    String list =
        String.join(", ", tables.stream().map(table -> Quoted.table(table).sql()).toList());
    return isPublication(connection, publication)
        ? List.of(
            "alter publication " + name + " set table " + list,
            "alter publication "
                + name
                + " set (publish = 'insert, update, delete, truncate', publish_via_partition_root ="
                + " true)")
        : List.of(
            "create publication "
                + name
                + " for table "
                + list
                + " with (publish_via_partition_root = true)");
  }

  /**
   * The statements of {@link #publish} and {@link #create}, for a dry run; nothing for a slot that
   * is there.
   */
  public List<String> createSql(String slot, List<TableName> tables) {
    try (Connection connection = source.connect("slot " + slot)) {
      List<String> statements = new ArrayList<>(publishSql(connection, slot, tables));
      statements.addAll(DdlNotices.installSql(connection));
      if (find(slot).isEmpty()) {
        statements.add(Shown.sql(createSql(connection), slot));
      }
      return statements;
    } catch (SQLException e) {
      throw PostgresException.sql("looking for slot " + slot + " in " + source, e);
    }
  }

  private static String createSql(Connection connection) throws SQLException {
    return canFailOver(connection.getMetaData().getDatabaseMajorVersion())
        ? CREATE_WITH_FAILOVER
        : CREATE;
  }

  /** The statement of {@link #advanceToPresent} behind its marker, for a dry run. */
  public static String advanceSql(String slot) {
    return Shown.sql(ADVANCE, slot);
  }

  /** The statements of {@link #drop}, for a dry run. */
  public static List<String> dropSql(String slot) {
    return List.of(Shown.sql(DROP, slot), dropPublicationSql(slot));
  }

  private static String dropPublicationSql(String publication) {
    return "drop publication if exists " + Quoted.name(publication);
  }

  /** Puts those of the tables into a publication that it does not have, all of their rows. */
  public void publishAlso(String publication, List<TableName> tables) {
    try (Connection connection = source.connect("publication " + publication);
        Statement statement = connection.createStatement();
        PreparedStatement select =
            connection.prepareStatement(
                """
                select exists (select from pg_publication_rel pr join pg_publication p on p.oid = pr.prpubid
                  where p.pubname = ? and pr.prrelid = ?::regclass)
                """)) {
      for (TableName table : tables) {
        select.setString(1, publication);
        select.setString(2, Quoted.table(table).sql());
        boolean there;
        try (ResultSet row = select.executeQuery()) {
          row.next();
          there = row.getBoolean(1);
        }
        if (!there) {
          statement.execute(
              "alter publication "
                  + Quoted.name(publication)
                  + " add table "
                  + Quoted.table(table));
        }
      }
    } catch (SQLException e) {
      throw PostgresException.sql(
          "adding " + tables + " to publication " + publication + " in " + source, e);
    }
  }

  /**
   * Creates a slot without a snapshot where there is none; it waits for the transactions running
   * now.
   */
  public void create(String slot) {
    if (find(slot).isPresent()) {
      return;
    }
    try (Connection connection = source.connect("slot " + slot);
        PreparedStatement create = connection.prepareStatement(createSql(connection))) {
      create.setString(1, slot);
      create.execute();
    } catch (SQLException e) {
      throw PostgresException.sql("creating slot " + slot + " in " + source, e);
    }
  }

  /**
   * Moves an unused slot to the present, past all that is committed now.
   *
   * @return where it stands: a stream from here sees nothing committed before this call
   */
  public Lsn advanceToPresent(String slot) {
    try (Connection connection = source.connect("slot " + slot)) {
      Lsn present = Marker.write(connection);
      try (PreparedStatement advance = connection.prepareStatement(ADVANCE)) {
        advance.setString(1, slot);
        try (ResultSet row = advance.executeQuery()) {
          row.next();
          Lsn end = Lsn.parse(row.getString(1));
          if (!end.hasReached(present)) {
            throw PostgresException.state(
                ErrorKind.ABORTED,
                "slot "
                    + slot
                    + " in "
                    + source
                    + " was advanced to "
                    + end
                    + " only, before marker "
                    + present,
                "try again");
          }
          return end;
        }
      }
    } catch (SQLException e) {
      throw PostgresException.sql("advancing slot " + slot + " in " + source, e);
    }
  }

  private static boolean isPublication(Connection connection, String name) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select exists (select from pg_publication where pubname = ?)")) {
      select.setString(1, name);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  /**
   * Drops a slot and its publication, waiting for a relay that is about to leave it; nothing
   * happens where they are gone. The stream must have been ended before ({@link SlotLock}).
   */
  public void drop(String slot, Duration timeout) {
    try (Connection connection = source.connect("slot " + slot)) {
      SlotLock.take(connection, slot, timeout);
      dropSlot(connection, slot, timeout);
    } catch (SQLException e) {
      throw PostgresException.sql("dropping slot " + slot + " in " + source, e);
    }
    dropPublication(slot);
  }

  /**
   * The same without the publication, for a slot that is made anew.
   *
   * @param source a connection in auto-commit mode with the slot's lock; one for replication will
   *     do
   */
  public static void dropSlot(Connection source, String slot, Duration timeout)
      throws SQLException {
    long deadline = System.nanoTime() + timeout.toNanos();
    try (PreparedStatement drop = source.prepareStatement(DROP)) {
      drop.setString(1, slot);
      while (true) {
        try {
          drop.execute();
          return;
        } catch (SQLException e) {
          if (!SqlErrors.OBJECT_IN_USE.equals(e.getSQLState()) || System.nanoTime() > deadline) {
            throw e;
          }
          LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
        }
      }
    }
  }

  private void dropPublication(String publication) {
    try (Connection connection = source.connect("publication " + publication);
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      empty(connection, publication);
      statement.execute(dropPublicationSql(publication));
      DdlNotices.removeUnused(connection);
      connection.commit();
    } catch (SQLException e) {
      throw PostgresException.sql("dropping publication " + publication + " in " + source, e);
    }
  }

  /**
   * Takes the tables out of a publication in a commit of its own, so that nobody looks it up any
   * more when it is dropped; see {@link #publish}. Where a table is locked for longer, as a manual
   * VACUUM does, that is left to chance.
   */
  private static void empty(Connection connection, String publication) throws SQLException {
    List<String> tables = new ArrayList<>();
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select pr.prrelid::regclass::text from pg_publication_rel pr join pg_publication p on p.oid = pr.prpubid
            where p.pubname = ?
            """)) {
      select.setString(1, publication);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          tables.add(row.getString(1));
        }
      }
    }
    if (tables.isEmpty()) {
      return;
    }
    try (Statement statement = connection.createStatement()) {
      statement.execute("set local lock_timeout = '1s'");
      statement.execute(
          "alter publication "
              + Quoted.name(publication)
              + " drop table "
              + String.join(", ", tables));
      connection.commit();
    } catch (SQLException e) {
      connection.rollback();
      if (!SqlErrors.has(e, SqlErrors.LOCK_NOT_AVAILABLE)) {
        throw e;
      }
    }
  }

  /**
   * Whether a stream that streams can have another slot for a snapshot beside its own: WAL senders
   * for both are free, and a slot.
   */
  public boolean hasRoomForSnapshot() {
    try (Connection connection = source.connect("slots");
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                select current_setting('max_replication_slots')::int > (select count(*) from pg_replication_slots)
                  and current_setting('max_wal_senders')::int > 1 + (select count(*) from pg_stat_replication)
                """)) {
      row.next();
      return row.getBoolean(1);
    } catch (SQLException e) {
      throw PostgresException.sql("counting the slots of " + source, e);
    }
  }

  /** The slot of that name. */
  public Optional<Slot> find(String slot) {
    return list().stream().filter(it -> it.name().equals(slot)).findFirst();
  }

  /** The slots that Ficus made in this database. */
  public List<Slot> list() {
    try (Connection connection = source.connect("slots")) {
      return list(connection);
    } catch (SQLException e) {
      throw PostgresException.sql("listing the slots of " + source, e);
    }
  }

  /** The slots that Ficus made in the connection's database. */
  public static List<Slot> list(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                select slot_name, active, coalesce(confirmed_flush_lsn, '0/0')::text,
                  coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::bigint, coalesce(wal_status, 'lost')
                from pg_replication_slots
                where database = current_database() and slot_name like 'ficus\\_%' order by 1
                """)) {
      List<Slot> slots = new ArrayList<>();
      while (row.next()) {
        slots.add(
            new Slot(
                row.getString(1),
                row.getBoolean(2),
                Lsn.parse(row.getString(3)),
                row.getLong(4),
                row.getString(5)));
      }
      return slots;
    }
  }
}
