package dev.ficus.benchmarks.stream;

import dev.ficus.postgres.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Collectors;

/** Keeps everybody from writing some tables of a target, until it is closed. */
public final class TableLock implements AutoCloseable {

  private final Connection connection;

  private TableLock(Connection connection) {
    this.connection = connection;
  }

  /**
   * Takes one.
   *
   * @param tables in schema public
   */
  public static TableLock take(Database target, List<String> tables) throws SQLException {
    Connection connection = target.connect("benchmark");
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          tables.stream()
                  .map("public."::concat)
                  .collect(Collectors.joining(", ", "lock table ", ""))
              + " in access exclusive mode");
    }
    return new TableLock(connection);
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
