package dev.ficus.relay.internal.backfill;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Partitions;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.SqlErrors;
import dev.ficus.postgres.StreamTable;
import dev.ficus.relay.internal.shape.TableShape;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Keeps the source's tables as they are while their shapes are compared, and again once the slot
 * stands, until the last row is copied: the weakest lock there is, which every reader takes as
 * well.
 *
 * <p>The race it closes: a table is altered, rewritten or truncated after its shape was verified or
 * its blocks were counted, and before a worker reads them; what a snapshot does not protect.
 *
 * <p>In between it is let go, for a deadlock that no server sees while the slot is made:
 *
 * <ol>
 *   <li>a transaction of the application has written and goes on;
 *   <li>the creation of the slot waits for that transaction to end;
 *   <li>another one wants to truncate or alter a table, and waits for this lock;
 *   <li>the first transaction comes to the same table, and queues behind the second for ever.
 * </ol>
 *
 * What was done to the tables meanwhile shows when the locks are taken again.
 */
final class SourceLocks {

  private static final Duration SHARE_PATIENCE = Duration.ofSeconds(1);

  private final List<StreamTable> tables;
  private final Map<String, String> before;

  private SourceLocks(List<StreamTable> tables, Map<String, String> before) {
    this.tables = tables;
    this.before = before;
  }

  /** Takes them for the connection's transaction, which begins here. */
  static void take(Connection connection, List<StreamTable> tables) throws SQLException {
    Timeouts.lift(connection);
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute(lock(tables.stream().map(StreamTable::source).toList()));
    }
  }

  /** Lets them go, remembering what the tables are. */
  static SourceLocks release(Connection connection, List<StreamTable> tables) throws SQLException {
    SourceLocks released = new SourceLocks(tables, describe(connection, tables));
    connection.commit();
    return released;
  }

  /**
   * Takes them again.
   *
   * @throws SQLException one that a retry mends, if a table is no longer what it was
   */
  void takeAgain(Connection connection) throws SQLException {
    take(connection, tables);
    Map<String, String> now = describe(connection, tables);
    for (Map.Entry<String, String> table : before.entrySet()) {
      if (!table.getValue().equals(now.get(table.getKey()))) {
        throw new SQLException(
            "table "
                + table.getKey()
                + " was altered, rewritten or truncated before its rows were read; the copy begins again",
            SqlErrors.SERIALIZATION_FAILURE);
      }
    }
  }

  /**
   * Takes them for another connection of the same copy.
   *
   * <p>Who holds them is never waited for; who asks for more stands in a queue that each later
   * reader joins. So a wait here means such a request in front: it waits for the copy, and the copy
   * would wait for it. The copy gives way.
   *
   * @throws SQLException one that a retry mends, if something else is asked for
   */
  static void share(Connection worker, List<TableShape> tables) throws SQLException {
    try (Statement statement = worker.createStatement()) {
      statement.execute("set local lock_timeout = " + SHARE_PATIENCE.toMillis());
      statement.execute(lock(tables.stream().map(TableShape::source).toList()));
    } catch (SQLException e) {
      if (!SqlErrors.has(e, SqlErrors.LOCK_NOT_AVAILABLE)) {
        throw e;
      }
      throw new SQLException(
          "a statement that alters, rewrites or truncates a table of the copy waits for it; the copy gives way and begins again",
          SqlErrors.SERIALIZATION_FAILURE,
          e);
    }
  }

  /** The locks have held until now, or nobody knows what the rows are worth. */
  static void verifyHeld(Connection locks) throws SQLException {
    try (Statement statement = locks.createStatement();
        ResultSet one = statement.executeQuery("select 1")) {
      one.next();
    }
  }

  private static String lock(List<TableName> tables) {
    return "lock table "
        + tables.stream().map(table -> Quoted.table(table).sql()).collect(Collectors.joining(", "))
        + " in access share mode";
  }

  /**
   * The tables' files and columns, and those of their partitions: every rewrite makes a new file,
   * and a partition that was detached and attached again has another row in the catalog.
   */
  private static Map<String, String> describe(Connection connection, List<StreamTable> tables)
      throws SQLException {
    Map<String, String> described = new TreeMap<>();
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select concat_ws(' ', c.oid, pg_relation_filenode(c.oid), c.relreplident,
              (select i.xmin from pg_inherits i where i.inhrelid = c.oid),
              (select string_agg(concat_ws(' ', a.attnum, a.attname, a.atttypid, a.atttypmod, a.attgenerated), ',' order by a.attnum)
               from pg_attribute a where a.attrelid = c.oid and a.attnum > 0))
            from pg_class c where c.oid = ?::bigint::oid
            """)) {
      for (StreamTable table : tables) {
        StringBuilder whole = new StringBuilder();
        for (Partitions.Member member : Partitions.tree(connection, table.source())) {
          select.setLong(1, member.oid());
          try (ResultSet row = select.executeQuery()) {
            row.next();
            whole.append(row.getString(1)).append('\n');
          }
        }
        described.put(table.source().toString(), whole.toString());
      }
    }
    return described;
  }
}
