package dev.ficus.testkit;

import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.core.manifest.Secret;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * A database that belongs to one test; closing it drops it, with its slots.
 *
 * @param address how to reach it, as a superuser
 */
public record TestDatabase(DatabaseAddress address) implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final Duration POLL = Duration.ofMillis(10);

  /**
   * The same database as its owner sees it, a role that is no superuser: it may log in and
   * replicate, as managed servers' roles may.
   */
  public TestDatabase asPlainOwner() {
    String role = "ficus_plain";
    String name = queryOne("select current_database()");
    execute(
        """
        do $$ begin
          create role %1$s login replication password 'plain';
        exception when duplicate_object or unique_violation then null;
        end $$;
        alter database %2$s owner to %1$s;
        """
            .formatted(role, name));
    return new TestDatabase(new DatabaseAddress(address.url(), role, new Secret("plain")));
  }

  /** The same database as a superuser sees it. */
  public TestDatabase asSuperuser() {
    return new TestDatabase(TestPostgres.asSuperuser(address));
  }

  /** Opens a plain connection. */
  public Connection connect() {
    try {
      return DriverManager.getConnection(
          address.url(), address.user(), address.password().reveal());
    } catch (SQLException e) {
      throw new IllegalStateException("connecting to test database " + address + " failed", e);
    }
  }

  /** Runs one or more statements, separated by semicolons, as one transaction. */
  public void execute(String sql) {
    executeAll(sql);
  }

  /** Runs statements over one connection, each by itself. */
  public void executeAll(String... statements) {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        execute(statement, sql);
      }
    } catch (SQLException e) {
      throw new IllegalStateException("a connection of the test failed: " + address, e);
    }
  }

  private void execute(Statement statement, String sql) {
    try {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(
          "a statement of the test failed in " + address + ": " + sql, e);
    }
  }

  /** The first column of all rows, as text; null values read {@code "null"}. */
  public List<String> query(String sql) {
    try (Connection connection = connect()) {
      return query(connection, sql);
    } catch (SQLException e) {
      throw new IllegalStateException("a query of the test failed in " + address + ": " + sql, e);
    }
  }

  static List<String> query(Connection connection, String sql) throws SQLException {
    List<String> values = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      while (row.next()) {
        values.add(String.valueOf(row.getString(1)));
      }
    }
    return values;
  }

  /**
   * Waits for at most a minute until a query's only row has an answer in its first column. It asks
   * over one connection: a new one costs a server more than most queries.
   */
  public void await(String sql, String answer) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    try (Connection connection = connect()) {
      List<String> values = query(connection, sql);
      while (!values.equals(List.of(answer))) {
        if (System.nanoTime() > deadline) {
          throw new IllegalStateException(
              "waited %s for %s, but found %s: %s".formatted(PATIENCE, answer, values, sql));
        }
        LockSupport.parkNanos(POLL.toNanos());
        values = query(connection, sql);
      }
    } catch (SQLException e) {
      throw new IllegalStateException("a query of the test failed in " + address + ": " + sql, e);
    }
  }

  /** The first column of the only row. */
  public String queryOne(String sql) {
    List<String> values = query(sql);
    if (values.size() != 1) {
      throw new IllegalStateException("expected one row but found " + values.size() + ": " + sql);
    }
    return values.get(0);
  }

  /** Drops the database, ending whoever is connected to it. */
  @Override
  public void close() {
    TestPostgres.drop(this);
  }
}
