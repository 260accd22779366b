package dev.ficus.postgres;

import java.sql.Connection;
import java.sql.SQLException;

/** Opens connections to one database, such as a pool's {@code getConnection}. */
@FunctionalInterface
public interface ConnectionSource {

  /**
   * Opens a connection in auto-commit mode; the caller closes it.
   *
   * @throws SQLException if the database cannot be reached or refuses
   */
  Connection open() throws SQLException;
}
