package dev.ficus.relay.internal.backfill;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Quoted;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Collectors;

/** Empties tables of the target, in the caller's transaction. */
final class TargetTables {

  private static final String FEATURE_NOT_SUPPORTED = "0A000";

  private TargetTables() {}

  static void empty(Connection target, List<TableName> tables) throws SQLException {
    if (tables.isEmpty()) {
      return;
    }
    Savepoint before = target.setSavepoint();
    try (Statement statement = target.createStatement()) {
      statement.execute(
          "truncate "
              + tables.stream()
                  .map(table -> Quoted.table(table).sql())
                  .collect(Collectors.joining(", ")));
      target.releaseSavepoint(before);
    } catch (SQLException e) {
      if (!FEATURE_NOT_SUPPORTED.equals(e.getSQLState())) {
        throw e;
      }
      // A table outside the stream refers to one of these: TRUNCATE refuses that even when empty.
      target.rollback(before);
      delete(target, tables);
    }
  }

  static void delete(Connection target, List<TableName> tables) throws SQLException {
    try (Statement statement = target.createStatement()) {
      for (TableName table : tables) {
        statement.execute("delete from " + Quoted.table(table));
      }
    }
  }
}
