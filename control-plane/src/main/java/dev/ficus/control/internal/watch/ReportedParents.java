package dev.ficus.control.internal.watch;

import dev.ficus.control.DeletedParents;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Deleted parents that streams have reported. */
final class ReportedParents {

  private ReportedParents() {}

  static List<DeletedParents> list(Connection connection, String database) throws SQLException {
    List<DeletedParents> parents = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                select loose_foreign_key, count(*), sum(children)::bigint, failure from ficus.deleted_parent
                where reported_at is not null group by 1, 4 order by 1, 4
                """)) {
      while (row.next()) {
        parents.add(
            new DeletedParents(
                row.getString(1),
                database,
                row.getLong(2),
                row.getLong(3),
                Optional.ofNullable(row.getString(4))));
      }
    }
    return parents;
  }
}
