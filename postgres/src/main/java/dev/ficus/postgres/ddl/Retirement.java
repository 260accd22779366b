package dev.ficus.postgres.ddl;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Partitions.Member;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.Quoted;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Moves sealed tables aside into schema {@value #SCHEMA}, so that whoever still uses them by name
 * fails at once, and back.
 *
 * <p>Triggers stay on, hence so does the sealed fence. Partitions, identity and serial sequences,
 * indexes and constraints move along. Views keep reading the renamed tables, and show up in their
 * usage.
 */
public final class Retirement {

  /**
   * The schema that holds the retired tables of schema public; those of others are named after it.
   */
  public static final String SCHEMA = "ficus_retired";

  private static final int LOCK = 1179206490;

  private Retirement() {}

  /**
   * Where a table is found once retired. Each schema has a retired one of its own, since indexes
   * and sequences move along and their names are unique only within a schema.
   */
  public static TableName retired(TableName table) {
    if (table.schema().equals("public")) {
      return new TableName(SCHEMA, table.name());
    }
    String schema = SCHEMA + "_" + table.schema();
    // PostgreSQL would cut a longer name, and two could then become one.
    return new TableName(
        schema.getBytes(StandardCharsets.UTF_8).length <= 63
            ? schema
            : String.format(Locale.ROOT, "%s_%08x", SCHEMA, schema.hashCode()),
        table.name());
  }

  /** The statements of {@link #rename}, for a dry run. */
  public static List<String> renameSql(Database database, List<TableName> tables) {
    return sql(database, tables, true);
  }

  /** The statements of {@link #renameBack}, for a dry run. */
  public static List<String> renameBackSql(Database database, List<TableName> tables) {
    return sql(database, tables, false);
  }

  private static List<String> sql(Database database, List<TableName> tables, boolean aside) {
    try (Connection connection = database.connect("retirement")) {
      return sql(new Catalog(connection), tables, aside);
    } catch (SQLException e) {
      throw PostgresException.sql("reading the partitions of " + tables + " in " + database, e);
    }
  }

  private static List<String> sql(Catalog catalog, List<TableName> tables, boolean aside)
      throws SQLException {
    List<String> statements = new ArrayList<>();
    if (aside) {
      schemas(tables)
          .forEach(schema -> statements.add("create schema if not exists " + Quoted.name(schema)));
    }
    for (TableName table : tables) {
      TableName from = aside ? table : retired(table);
      TableName to = aside ? retired(table) : table;
      statements.add(move(from, to));
      // Partitions do not follow their root by themselves.
      for (Member member : catalog.tree(from)) {
        if (member.isPartition()) {
          requireBeside(from, member.name());
          statements.add(move(member.name(), to));
        }
      }
    }
    return statements;
  }

  private static List<String> schemas(List<TableName> tables) {
    return tables.stream().map(table -> retired(table).schema()).distinct().toList();
  }

  /** Nothing would tell on the way back which schema another partition came from. */
  private static void requireBeside(TableName root, TableName partition) {
    if (!partition.schema().equals(root.schema())) {
      throw PostgresException.state(
          ErrorKind.NEEDS_PERSON,
          "partition " + partition + " of " + root + " lies in another schema than its root",
          "alter table … set schema, or detach it, then try again");
    }
  }

  private static String move(TableName from, TableName to) {
    return "alter table " + Quoted.table(from) + " set schema " + Quoted.name(to.schema());
  }

  /** The statement that drops retired tables, and fails if anything outside depends on them. */
  public static String dropSql(List<TableName> tables) {
    return "drop table "
        + String.join(
            ", ", tables.stream().map(table -> Quoted.table(retired(table)).sql()).toList());
  }

  /**
   * Renames the tables aside in one transaction; those that are aside already are passed over.
   *
   * @param tables the tables, by their names before
   * @param lockTimeout how long each table's lock may be waited for
   */
  public static void rename(Database database, List<TableName> tables, Duration lockTimeout) {
    run(database, "retiring tables " + tables, lockTimeout, tables, true);
  }

  /** Renames the tables back in one transaction; those that are back already are passed over. */
  public static void renameBack(Database database, List<TableName> tables, Duration lockTimeout) {
    run(database, "bringing back tables " + tables, lockTimeout, tables, false);
  }

  private static void run(
      Database database,
      String doing,
      Duration lockTimeout,
      List<TableName> tables,
      boolean aside) {
    try (Connection connection = database.connect("retirement")) {
      connection.setAutoCommit(false);
      List<TableName> left = new ArrayList<>();
      Catalog catalog = new Catalog(connection);
      for (TableName table : tables) {
        TableName from = aside ? table : retired(table);
        TableName to = aside ? retired(table) : table;
        boolean there = catalog.oid(from).isPresent();
        boolean done = catalog.oid(to).isPresent();
        if (there == done) {
          throw PostgresException.state(
              ErrorKind.NEEDS_PERSON,
              doing
                  + " in "
                  + database
                  + ": "
                  + (there
                      ? "both " + from + " and " + to + " exist"
                      : "neither " + from + " nor " + to + " exists"),
              there
                  ? "somebody created a table under the old name: find out who, rename it or drop it, then try again"
                  : "the table was dropped or renamed by hand; bring it back, then try again");
        }
        if (there) {
          left.add(table);
        }
      }
      try (Statement statement = connection.createStatement()) {
        statement.execute("set local lock_timeout = " + lockTimeout.toMillis());
        if (aside) {
          lockMissingSchemas(statement, left);
        }
        for (String sql : sql(catalog, left, aside)) {
          statement.execute(sql);
        }
      }
      connection.commit();
    } catch (SQLException e) {
      throw PostgresException.sql(doing + " in " + database, e);
    }
  }

  /* Two groups may be retired at once, and of two sessions that make a schema one fails, whatever "if not exists" says. */
  private static void lockMissingSchemas(Statement statement, List<TableName> tables)
      throws SQLException {
    for (String schema : schemas(tables)) {
      statement.execute(
          "select pg_advisory_xact_lock(%d) where to_regnamespace(%s) is null"
              .formatted(LOCK, Quoted.literal(Quoted.name(schema).sql())));
    }
  }
}
