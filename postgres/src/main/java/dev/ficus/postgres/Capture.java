package dev.ficus.postgres;

import dev.ficus.core.GroupName;
import dev.ficus.core.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;

/**
 * The triggers that note the keys touched by a dual-writing transaction (rule R9); they do nothing
 * for other writers.
 *
 * <p>They live on the side that is written, the shared database, and are installed together with
 * its fence.
 */
public final class Capture {

  private Capture() {}

  /** The statements that {@link #install} runs for one table, for a dry run. */
  public static List<String> installSql(GroupName group, Table table) {
    // The condition is cheaper than a call of the function that finds nothing to do.
    String call =
        " for each statement when (pg_catalog.current_setting('ficus.capture', true) = "
            + Quoted.literal(group.value())
            + ") execute function ficus.capture("
            + String.join(
                ", ", table.key().stream().map(column -> Quoted.literal(column).sql()).toList())
            + ")";
    Quoted name = Quoted.table(table.name());
    return List.of(
        "create or replace trigger ficus_capture_insert after insert on "
            + name
            + " referencing new table as new_rows"
            + call,
        "create or replace trigger ficus_capture_update after update on "
            + name
            + " referencing old table as old_rows new table as new_rows"
            + call,
        "create or replace trigger ficus_capture_delete after delete on "
            + name
            + " referencing old table as old_rows"
            + call,
        "create or replace trigger ficus_capture_truncate after truncate on " + name + call);
  }

  /** The statements that take the triggers off one table. */
  public static List<String> uninstallSql(TableName table) {
    return List.of("insert", "update", "delete", "truncate").stream()
        .map(
            event -> "drop trigger if exists ficus_capture_" + event + " on " + Quoted.table(table))
        .toList();
  }

  /**
   * Puts the triggers on the tables.
   *
   * @param lockTimeout how long one table's lock may be waited for
   */
  public static void install(
      Database database, GroupName group, List<Table> tables, Duration lockTimeout) {
    run(
        database,
        group,
        lockTimeout,
        tables.stream().map(table -> installSql(group, table)).toList());
  }

  /** Takes the triggers off the tables. */
  public static void uninstall(
      Database database, GroupName group, List<TableName> tables, Duration lockTimeout) {
    run(database, group, lockTimeout, tables.stream().map(Capture::uninstallSql).toList());
  }

  private static void run(
      Database database,
      GroupName group,
      Duration lockTimeout,
      List<List<String>> statementsByTable) {
    try (Connection connection = database.connect("capture " + group)) {
      connection.setAutoCommit(false);
      for (List<String> statements : statementsByTable) {
        try (Statement statement = connection.createStatement()) {
          statement.execute("set local lock_timeout = " + lockTimeout.toMillis());
          for (String sql : statements) {
            statement.execute(sql);
          }
        }
        connection.commit();
      }
    } catch (SQLException e) {
      throw PostgresException.sql(
          "changing the capture triggers of group " + group + " in " + database, e);
    }
  }
}
