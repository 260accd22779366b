package dev.ficus.control.internal.references;

import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** Whether a database has schema {@code ficus} yet: only provisioned ones do. */
public final class FicusInstalled {

  private FicusInstalled() {}

  /** Asks on a connection of its own. */
  public static boolean in(Database database) {
    try (Connection connection = database.connect("status")) {
      return on(connection);
    } catch (SQLException e) {
      throw PostgresException.sql("looking for schema ficus in " + database, e);
    }
  }

  /** Asks on an open connection. */
  public static boolean on(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("select to_regclass('ficus.guard') is not null")) {
      row.next();
      return row.getBoolean(1);
    }
  }
}
