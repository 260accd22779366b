package dev.ficus.postgres;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.core.Via;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The tables that a stream has yet to copy, at first or anew, while its others keep what they have.
 */
public final class TableCopies {

  private TableCopies() {}

  /**
   * Asks for tables to be copied anew; a stream that DDL or damage of these tables has stopped goes
   * on with it.
   *
   * @param tables tables of the source
   * @throws PostgresException if the stream is not at a place where that is sound
   */
  public static void request(Database target, StreamName stream, Set<TableName> tables) {
    try (Connection connection = target.connect("recopy " + stream)) {
      connection.setAutoCommit(false);
      lock(connection, stream);
      StreamRow row =
          StreamRows.read(connection, Optional.of(stream)).stream().findFirst().orElseThrow();
      refuseUnlessCopied(target, row);
      List<TableName> others = stoppedBy(connection, stream);
      others.removeAll(tables);
      if (!others.isEmpty()) {
        throw PostgresException.state(
            ErrorKind.NEEDS_PERSON,
            "stream " + stream + " stands still before DDL of " + others + " as well",
            "copy these tables anew in the same command, or accept their change first: ficus ddl accept "
                + row.group());
      }
      try (PreparedStatement insert =
              connection.prepareStatement(
                  "insert into ficus.table_copy (stream, source_schema, source_table) values (?, ?, ?) on conflict do nothing");
          PreparedStatement settle =
              connection.prepareStatement("delete from ficus.stream_ddl where stream = ?");
          PreparedStatement resume =
              connection.prepareStatement(
                  "update ficus.stream set state = 'STREAMING', failure = null, advice = null, changed_at = clock_timestamp() where name = ?")) {
        for (TableName table : tables) {
          insert.setString(1, stream.value());
          insert.setString(2, table.schema());
          insert.setString(3, table.name());
          insert.executeUpdate();
        }
        settle.setString(1, stream.value());
        settle.executeUpdate();
        resume.setString(1, stream.value());
        resume.executeUpdate();
      }
      connection.commit();
    } catch (SQLException e) {
      throw PostgresException.sql("asking stream " + stream + " in " + target + " to recopy", e);
    }
  }

  private static void refuseUnlessCopied(Database target, StreamRow row) {
    boolean runs = row.state() == StreamState.STREAMING || row.state() == StreamState.FAILED;
    if (!runs || row.positionAt().isEmpty()) {
      throw PostgresException.state(
          ErrorKind.USAGE,
          "stream "
              + row.name()
              + " into "
              + target
              + " is "
              + row.state()
              + " and has not copied all of its tables once",
          "wait until it streams; if its copy has failed, roll the group back to PROVISIONED and copy it as a whole");
    }
    if (row.via() instanceof Via.Connect) {
      throw PostgresException.state(
          ErrorKind.USAGE,
          "stream "
              + row.name()
              + " into "
              + target
              + " comes from Kafka Connect; its tables are copied anew as a whole only",
          "roll the group back to PROVISIONED and advance it again");
    }
    if (row.guarded()) {
      throw PostgresException.state(
          ErrorKind.USAGE,
          "stream " + row.name() + " into " + target + " is dual-written into",
          "roll the group back to FOLLOWING first: services must neither read nor write a table that is being copied");
    }
  }

  private static void lock(Connection connection, StreamName stream) throws SQLException {
    try (PreparedStatement lock =
        connection.prepareStatement("select 1 from ficus.stream where name = ? for update")) {
      lock.setString(1, stream.value());
      try (ResultSet row = lock.executeQuery()) {
        if (!row.next()) {
          throw PostgresException.state(
              ErrorKind.USAGE,
              "there is no stream " + stream,
              "run \"ficus status\": the group may have been rolled back meanwhile");
        }
      }
    }
  }

  private static List<TableName> stoppedBy(Connection connection, StreamName stream)
      throws SQLException {
    return tables(
        connection,
        "select source_schema, source_table from ficus.stream_ddl where stream = ?",
        stream);
  }

  private static List<TableName> tables(Connection connection, String sql, StreamName stream)
      throws SQLException {
    List<TableName> tables = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setString(1, stream.value());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          tables.add(new TableName(row.getString(1), row.getString(2)));
        }
      }
    }
    return tables;
  }

  /** The source tables that a stream has yet to copy. */
  public static Set<TableName> pending(Connection connection, StreamName stream)
      throws SQLException {
    return new TreeSet<>(
        tables(
            connection,
            "select source_schema, source_table from ficus.table_copy where stream = ?",
            stream));
  }

  /**
   * Notes, in the caller's transaction, which snapshot the copies are made from now: nobody who
   * copies from an older one may commit once that has committed.
   *
   * @return whether the stream still asks for it
   */
  public static boolean begin(Connection connection, StreamName stream, Lsn consistentPoint)
      throws SQLException {
    // The stream's row first, as hold() takes them, so that the two never wait for each other.
    try (PreparedStatement row =
            connection.prepareStatement(
                """
                select 1 from ficus.stream where name = ? and state = 'STREAMING' and not guarded for update
                """);
        PreparedStatement update =
            connection.prepareStatement(
                "update ficus.table_copy set consistent_point = ?::pg_lsn where stream = ?")) {
      row.setString(1, stream.value());
      try (ResultSet there = row.executeQuery()) {
        if (!there.next()) {
          return false;
        }
      }
      update.setString(1, consistentPoint.toString());
      update.setString(2, stream.value());
      return update.executeUpdate() > 0;
    }
  }

  /**
   * Whether the copies from this snapshot may still commit; if so, nobody changes that before the
   * caller's transaction ends.
   */
  public static boolean hold(Connection connection, StreamName stream, Lsn consistentPoint)
      throws SQLException {
    try (PreparedStatement row =
            connection.prepareStatement(
                """
                select 1 from ficus.stream where name = ? and state = 'STREAMING' and not guarded for share
                """);
        // A statement of its own: it sees what was committed before the lock was granted. Whoever
        // notes another snapshot locks the stream's row first, so that one lock is enough.
        PreparedStatement copy =
            connection.prepareStatement(
                "select 1 from ficus.table_copy where stream = ? and consistent_point = ?::pg_lsn")) {
      row.setString(1, stream.value());
      copy.setString(1, stream.value());
      copy.setString(2, consistentPoint.toString());
      try (ResultSet there = row.executeQuery()) {
        if (!there.next()) {
          return false;
        }
      }
      try (ResultSet there = copy.executeQuery()) {
        return there.next();
      }
    }
  }

  /**
   * Notes, in the caller's transaction, that a stream's first copy has yet to bring all of its
   * tables.
   */
  public static void list(Connection connection, StreamRow stream, Lsn consistentPoint)
      throws SQLException {
    forget(connection, stream.name());
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            insert into ficus.table_copy (stream, source_schema, source_table, consistent_point)
            select stream, source_schema, source_table, ?::pg_lsn from ficus.stream_table where stream = ?
            """)) {
      insert.setString(1, consistentPoint.toString());
      insert.setString(2, stream.name().value());
      insert.executeUpdate();
    }
  }

  /** The source tables that a copy from this snapshot has not finished. */
  public static Set<TableName> unfinished(
      Connection connection, StreamName stream, Lsn consistentPoint) throws SQLException {
    return new TreeSet<>(
        tables(
            connection,
            "select source_schema, source_table from ficus.table_copy where stream = ? and consistent_point = '"
                + consistentPoint
                + "'::pg_lsn",
            stream));
  }

  /** A table is whole, in the caller's transaction, which {@linkplain #hold holds} the copy. */
  public static void finish(Connection connection, StreamName stream, TableName table)
      throws SQLException {
    try (PreparedStatement delete =
        connection.prepareStatement(
            "delete from ficus.table_copy where stream = ? and source_schema = ? and source_table = ?")) {
      delete.setString(1, stream.value());
      delete.setString(2, table.schema());
      delete.setString(3, table.name());
      delete.executeUpdate();
    }
  }

  /** No table is to be copied any more, from the caller's commit on. */
  public static void forget(Connection connection, StreamName stream) throws SQLException {
    try (PreparedStatement delete =
        connection.prepareStatement("delete from ficus.table_copy where stream = ?")) {
      delete.setString(1, stream.value());
      delete.executeUpdate();
    }
  }
}
