package dev.ficus.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** By what a database compares and folds texts that name no collation. */
public final class DefaultCollation {

  private static final int VERSION_WITH_PROVIDERS = 15;
  private static final int VERSION_WITH_ONE_LOCALE = 17;

  private DefaultCollation() {}

  /** Locale, provider and, from PostgreSQL 15 on, the version of the provider's rules. */
  public static String of(Connection connection) throws SQLException {
    int version = connection.getMetaData().getDatabaseMajorVersion();
    String rest =
        version < VERSION_WITH_PROVIDERS
            ? "'c'"
            : "datlocprovider, "
                + (version < VERSION_WITH_ONE_LOCALE ? "daticulocale" : "datlocale")
                + ", pg_database_collation_actual_version(oid)";
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select concat_ws(' ', datcollate, datctype, "
                    + rest
                    + ") from pg_database where datname = current_database()")) {
      row.next();
      return row.getString(1);
    }
  }
}
