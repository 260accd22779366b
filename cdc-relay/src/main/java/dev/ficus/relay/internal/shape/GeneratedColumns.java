package dev.ficus.relay.internal.shape;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Quoted;
import dev.ficus.relay.RelayException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * Refuses generated columns under {@code replica identity full} from PostgreSQL 18 on: once such a
 * table is published, the server refuses each UPDATE and DELETE of its own users ({@code
 * pub_contains_invalid_column} in its source), since an old row would be sent without them.
 */
final class GeneratedColumns {

  private static final int VERSION_THAT_REFUSES = 18;

  private GeneratedColumns() {}

  /**
   * @param where which side this is, for the message
   */
  static void verify(Connection connection, TableName table, String where) throws SQLException {
    if (connection.getMetaData().getDatabaseMajorVersion() < VERSION_THAT_REFUSES) {
      return;
    }
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
            where c.oid = ?::regclass and c.relreplident = 'f' and a.attgenerated <> '' and not a.attisdropped
            order by a.attnum limit 1
            """)) {
      select.setString(1, Quoted.table(table).sql());
      try (ResultSet row = select.executeQuery()) {
        if (row.next()) {
          throw RelayException.stop(
              "table "
                  + table
                  + " in the "
                  + where
                  + " has replica identity full and the generated column "
                  + row.getString(1)
                  + ": PostgreSQL 18 refuses every update and delete of such a table once a stream reads it",
              "where it has a primary key, run: alter table "
                  + Quoted.table(table)
                  + " replica identity default; else give it a unique index and run: alter table "
                  + Quoted.table(table)
                  + " replica identity using index …");
        }
      }
    }
  }
}
