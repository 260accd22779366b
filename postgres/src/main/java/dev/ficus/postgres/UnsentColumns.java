package dev.ficus.postgres;

import dev.ficus.core.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Columns whose value PostgreSQL does not send again with an update that left it as it was: those
 * that can be stored out of line, unless the table's replica identity is full.
 */
public final class UnsentColumns {

  private UnsentColumns() {}

  /** Those of the columns, in attribute order. */
  public static List<String> of(Connection connection, TableName table, Collection<String> columns)
      throws SQLException {
    List<String> unsent = new ArrayList<>();
    // A value of at most 24 bytes is never moved out of line (toast_tuple_find_biggest_attribute).
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
            where c.oid = ?::regclass and c.relreplident <> 'f' and a.attname = any (?::text[]) and a.attnum > 0 and a.attstorage <> 'p'
              and not (a.atttypid = 'numeric'::regtype and a.atttypmod >= 4 and ((a.atttypmod - 4) >> 16) & 65535 <= 28)
              and not (a.atttypid in ('varchar'::regtype, 'bpchar'::regtype) and a.atttypmod between 5 and 9)
            order by a.attnum
            """)) {
      select.setString(1, Quoted.table(table).sql());
      select.setArray(2, connection.createArrayOf("text", columns.toArray()));
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          unsent.add(row.getString(1));
        }
      }
    }
    return unsent;
  }
}
