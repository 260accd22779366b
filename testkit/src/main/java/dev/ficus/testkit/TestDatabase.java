package dev.ficus.testkit;

import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.core.manifest.Secret;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * A database that belongs to one test; closing it drops it, with its slots.
 *
 * @param address how to reach it, as a superuser
 */
public record TestDatabase(DatabaseAddress address) implements AutoCloseable {

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
    return new TestDatabase(new DatabaseAddress(address.url(), "postgres", new Secret("postgres")));
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

  /** Runs one or more statements, separated by semicolons. */
  public void execute(String sql) {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(
          "a statement of the test failed in " + address + ": " + sql, e);
    }
  }

  /** The first column of all rows, as text; null values read {@code "null"}. */
  public List<String> query(String sql) {
    List<String> values = new ArrayList<>();
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      while (row.next()) {
        values.add(String.valueOf(row.getString(1)));
      }
      return values;
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
