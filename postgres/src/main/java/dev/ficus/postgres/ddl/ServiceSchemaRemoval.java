package dev.ficus.postgres.ddl;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.SqlErrors;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Takes the generated tables out of a service database again, on the way back from {@code
 * PROVISIONED}, with the types, functions, sequences and schemas that nothing else uses.
 */
public final class ServiceSchemaRemoval {

  private static final String DEPENDENTS_EXIST = "2BP01";

  private ServiceSchemaRemoval() {}

  /**
   * Drops the tables that are there, and what only they used, in one transaction.
   *
   * @param service the service database
   * @param tables the group's tables; one that holds rows is refused, since in this phase nobody
   *     but the service itself can have written them
   * @param references reference copies, which are dropped with their rows: they can be copied again
   * @param lockTimeout how long each table's lock may be waited for
   * @return the statements that were executed
   */
  public static List<String> drop(
      Database service, List<TableName> tables, List<TableName> references, Duration lockTimeout) {
    return drop(service, tables, references, lockTimeout, true);
  }

  /**
   * The statements that {@link #drop} would execute, for a migration that executes them: what can
   * go is found by trying, in a transaction that is rolled back.
   */
  public static List<String> statements(
      Database service, List<TableName> tables, List<TableName> references, Duration lockTimeout) {
    return drop(service, tables, references, lockTimeout, false);
  }

  private static List<String> drop(
      Database service,
      List<TableName> tables,
      List<TableName> references,
      Duration lockTimeout,
      boolean forGood) {
    try (Connection connection = service.connect("removal")) {
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement()) {
        statement.execute("set local lock_timeout = " + lockTimeout.toMillis());
        Catalog catalog = new Catalog(connection);
        List<TableName> present =
            present(catalog, Stream.concat(tables.stream(), references.stream()).toList());
        if (present.isEmpty()) {
          return List.of();
        }
        statement.execute("lock table " + names(present) + " in access exclusive mode");
        refuseRows(catalog, service, present.stream().filter(tables::contains).toList());
        List<String> executed = drop(connection, statement, catalog, present);
        if (forGood) {
          connection.commit();
        } else {
          connection.rollback();
        }
        return executed;
      }
    } catch (SQLException e) {
      throw PostgresException.sql(
          "dropping the generated tables " + tables + " from " + service, e);
    }
  }

  private static List<TableName> present(Catalog catalog, List<TableName> tables)
      throws SQLException {
    List<TableName> present = new ArrayList<>();
    for (TableName table : tables) {
      if (catalog.oid(table).isPresent()) {
        present.add(table);
      }
    }
    return present;
  }

  private static void refuseRows(Catalog catalog, Database service, List<TableName> tables)
      throws SQLException {
    for (TableName table : tables) {
      boolean rows =
          catalog
              .one(
                  "select exists (select from " + Quoted.table(table) + ")",
                  row -> row.getBoolean(1))
              .orElse(false);
      if (rows) {
        throw PostgresException.state(
            ErrorKind.NEEDS_PERSON,
            "table " + table + " in " + service + " holds rows, so it is not dropped",
            "find out who wrote them; truncate the table if they may go, then try again");
      }
    }
  }

  private static List<String> drop(
      Connection connection, Statement statement, Catalog catalog, List<TableName> tables)
      throws SQLException {
    Refusals ignored = new Refusals();
    List<Long> oids = catalog.withPartitions(tables);
    Needs needs = new Needs(catalog, ignored);
    needs.ofTables(oids);
    List<SequenceDdl.Sequence> sequences =
        new SequenceDdl(catalog, ignored).read(oids, needs.sequences());
    TreeSet<String> schemas = new TreeSet<>();
    tables.forEach(table -> schemas.add(table.schema()));
    TypeDdl types = new TypeDdl(catalog);
    FunctionDdl functions = new FunctionDdl(catalog);
    schemas.addAll(types.schemas(needs.types(), List.of()));
    schemas.addAll(functions.schemas(needs.functions()));
    schemas.addAll(SequenceDdl.schemas(sequences));
    schemas.remove("public");
    List<String> functionNames = new ArrayList<>(functions.names(needs.functions()));
    Collections.reverse(functionNames);

    List<String> optional =
        new ArrayList<>(
            sequences.stream()
                .filter(sequence -> sequence.table() == 0)
                .map(sequence -> "drop sequence " + Quoted.table(sequence.name()))
                .toList());
    functionNames.forEach(name -> optional.add("drop function " + name));
    types.names(needs.types()).forEach(name -> optional.add("drop " + name));
    schemas.forEach(schema -> optional.add("drop schema " + Quoted.name(schema)));

    List<String> executed = new ArrayList<>();
    String tablesSql = "drop table " + names(tables);
    statement.execute(tablesSql);
    executed.add(tablesSql);
    // A function can use another: what failed first may succeed once its user is gone.
    List<String> left = optional;
    while (true) {
      List<String> failed = new ArrayList<>();
      for (String sql : left) {
        if (dropped(connection, statement, sql)) {
          executed.add(sql);
        } else {
          failed.add(sql);
        }
      }
      if (failed.size() == left.size()) {
        return List.copyOf(executed);
      }
      left = failed;
    }
  }

  /** False if something else still uses it: then it stays. */
  private static boolean dropped(Connection connection, Statement statement, String sql)
      throws SQLException {
    Savepoint savepoint = connection.setSavepoint();
    try {
      statement.execute(sql);
      connection.releaseSavepoint(savepoint);
      return true;
    } catch (SQLException e) {
      connection.rollback(savepoint);
      if (SqlErrors.has(e, DEPENDENTS_EXIST)) {
        return false;
      }
      throw e;
    }
  }

  private static String names(List<TableName> tables) {
    return String.join(", ", tables.stream().map(table -> Quoted.table(table).sql()).toList());
  }
}
