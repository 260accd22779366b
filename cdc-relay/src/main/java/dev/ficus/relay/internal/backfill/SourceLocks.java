package dev.ficus.relay.internal.backfill;

import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.StreamTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Keeps the source's tables as they are, from before their shapes are compared until the last row
 * is copied: the weakest lock there is, which every reader takes as well.
 *
 * <p>The race it closes: a table is altered, rewritten or truncated after its shape was verified or
 * its blocks were counted, and before a worker reads them; what a snapshot does not protect.
 *
 * <p>It assigns no transaction id: the creation of the slot, which waits for all of those, does not
 * wait for it.
 */
final class SourceLocks {

  private SourceLocks() {}

  /** Takes them for the connection's transaction, which begins here. */
  static void take(Connection connection, List<StreamTable> tables) throws SQLException {
    Timeouts.lift(connection);
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "lock table "
              + tables.stream()
                  .map(table -> "only " + Quoted.table(table.source()))
                  .collect(Collectors.joining(", "))
              + " in access share mode");
    }
  }
}
