package dev.ficus.postgres.transform;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Quoted;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * A column as a probe needs it.
 *
 * @param name its name
 * @param type with modifiers
 * @param collation quoted, where it is not the type's own; else empty
 * @param mayBeLeft whether a row can be inserted without it
 * @param generated whether it is computed from others, and so never carried
 */
record SourceColumn(
    String name, String type, String collation, boolean mayBeLeft, boolean generated) {

  static List<SourceColumn> read(Connection connection, TableName table) throws SQLException {
    List<SourceColumn> columns = new ArrayList<>();
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select a.attname, format_type(a.atttypid, a.atttypmod),
              case when a.attcollation <> 0 and a.attcollation <> t.typcollation then a.attcollation::regcollation::text else '' end,
              not a.attnotnull or a.atthasdef or a.attidentity <> '', a.attgenerated <> ''
            from pg_attribute a join pg_type t on t.oid = a.atttypid
            where a.attrelid = ?::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum
            """)) {
      select.setString(1, Quoted.table(table).sql());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          columns.add(
              new SourceColumn(
                  row.getString(1),
                  row.getString(2),
                  row.getString(3),
                  row.getBoolean(4),
                  row.getBoolean(5)));
        }
      }
    }
    return columns;
  }

  String definition() {
    return Quoted.name(name) + " " + type + (collation.isEmpty() ? "" : " collate " + collation);
  }

  SourceColumn renamed(String newName) {
    return new SourceColumn(newName, type, collation, mayBeLeft, generated);
  }
}
