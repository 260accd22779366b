package dev.ficus.postgres.ddl;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Collection;
import java.util.List;

/**
 * The foreign keys that cross a group's border: released before the flip, restored on the way back
 * (rule R15).
 */
public final class ForeignKeys {

  private ForeignKeys() {}

  /** Those with one end in the tables and one end outside, by table and name. */
  public static List<ForeignKey> crossing(Connection connection, List<TableName> tables) {
    try {
      Catalog catalog = new Catalog(connection);
      return crossing(catalog, catalog.withPartitions(tables));
    } catch (SQLException e) {
      throw PostgresException.sql("reading the foreign keys of " + tables, e);
    }
  }

  /** The same by OIDs, those of partitions included, which may have keys of their own. */
  static List<ForeignKey> crossing(Catalog catalog, Collection<Long> tables) throws SQLException {
    return catalog.list(
        """
        select k.conname, n.nspname, c.relname, rn.nspname, r.relname, k.conrelid = any (?::bigint[]::oid[]),
          pg_get_constraintdef(k.oid), c.relkind = 'p'
        from pg_constraint k
        join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
        join pg_class r on r.oid = k.confrelid join pg_namespace rn on rn.oid = r.relnamespace
        where k.contype = 'f' and k.conparentid = 0
          and (k.conrelid = any (?::bigint[]::oid[])) <> (k.confrelid = any (?::bigint[]::oid[]))
        order by 2, 3, 1
        """,
        row ->
            new ForeignKey(
                row.getString(1),
                new TableName(row.getString(2), row.getString(3)),
                new TableName(row.getString(4), row.getString(5)),
                row.getBoolean(6),
                row.getString(7),
                row.getBoolean(8)),
        tables,
        tables,
        tables);
  }

  /**
   * Releases them, each in a transaction of its own; those already gone are passed over.
   *
   * @param lockTimeout how long the locks on both tables of one key may be waited for
   */
  public static void release(Database database, List<ForeignKey> keys, Duration lockTimeout) {
    for (ForeignKey key : keys) {
      run(database, key, "releasing", List.of(key.releaseSql()), lockTimeout);
    }
  }

  /**
   * Restores them and checks all rows where they were checked before; those that are there are
   * passed over.
   *
   * @throws PostgresException with SQLSTATE 23503 if a row has meanwhile lost what it points to:
   *     the key is then there, but not valid
   */
  public static void restore(Database database, List<ForeignKey> keys, Duration lockTimeout) {
    for (ForeignKey key : keys) {
      List<String> statements = key.restoreSql();
      if (exists(database, key)) {
        // Left by an earlier try that failed or died before the validation.
        statements = statements.subList(1, statements.size());
      }
      run(database, key, "restoring", statements, lockTimeout);
    }
  }

  private static boolean exists(Database database, ForeignKey key) {
    try (Connection connection = database.connect("foreign keys")) {
      Catalog catalog = new Catalog(connection);
      return catalog
          .one(
              "select 1 from pg_constraint where conrelid = ? and conname = ? and contype = 'f'",
              row -> row.getInt(1),
              catalog.oids(List.of(key.table())).values().iterator().next(),
              key.name())
          .isPresent();
    } catch (SQLException e) {
      throw PostgresException.sql("looking for foreign key " + key.name() + " in " + database, e);
    }
  }

  private static void run(
      Database database,
      ForeignKey key,
      String doing,
      List<String> statements,
      Duration lockTimeout) {
    try (Connection connection = database.connect("foreign keys");
        Statement statement = connection.createStatement()) {
      statement.execute("set lock_timeout = " + lockTimeout.toMillis());
      // One transaction a statement: the validation must not keep the strong lock of the addition.
      for (String sql : statements) {
        statement.execute(sql);
      }
    } catch (SQLException e) {
      throw PostgresException.sql(
          doing + " foreign key " + key.name() + " of " + key.table() + " in " + database, e);
    }
  }
}
