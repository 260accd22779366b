package dev.ficus.demo.check;

import dev.ficus.core.TableName;
import dev.ficus.core.manifest.DatabaseAddress;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Looks which of the store's tables the shared database still has, whatever anybody says that was
 * done. A retired table has gone to a schema of its own and is still one.
 *
 * @param shared the shared database
 */
public record SharedTables(DatabaseAddress shared) {

  private static final String SQL =
      """
      select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and c.relname = any (?) and n.nspname in ('public', 'ficus_retired')
      """;

  /** Those of the given tables that are still there. */
  public List<TableName> present(List<TableName> tables) {
    Set<String> names = new HashSet<>();
    try (Connection connection =
            DriverManager.getConnection(shared.url(), shared.user(), shared.password().reveal());
        PreparedStatement look = connection.prepareStatement(SQL)) {
      look.setArray(
          1, connection.createArrayOf("text", tables.stream().map(TableName::name).toArray()));
      try (ResultSet row = look.executeQuery()) {
        while (row.next()) {
          names.add(row.getString(1));
        }
      }
    } catch (SQLException e) {
      throw new IllegalStateException("looking for tables in " + shared + " failed", e);
    }
    return tables.stream().filter(table -> names.contains(table.name())).toList();
  }
}
