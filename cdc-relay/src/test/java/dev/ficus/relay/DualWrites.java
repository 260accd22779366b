package dev.ficus.relay;

import dev.ficus.core.Lsn;
import dev.ficus.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A service that dual-writes table {@code item}, reduced to its protocol. */
final class DualWrites {

  private final TestDatabase shared;
  private final TestDatabase service;

  DualWrites(TestDatabase shared, TestDatabase service) {
    this.shared = shared;
    this.service = service;
  }

  /** Lets dual writes of group orders at epoch 1 in. */
  void open() {
    service.execute(
        "insert into ficus.fence (group_name, state, epoch) values ('orders', 'dual', 1)");
  }

  /** What a transaction that touched one row leaves to be written to the other side. */
  record Pending(Lsn guard, long id, @Nullable String image) {}

  /**
   * Commits a statement that touches the row, and returns what the dual write of it would carry.
   */
  Pending commit(String sql, long id) throws SQLException {
    return tryCommit(sql, id).orElseThrow();
  }

  /**
   * As {@link #commit}; empty where the statement touched no row: nothing may be dual-written then.
   */
  Optional<Pending> tryCommit(String sql, long id) throws SQLException {
    try (Connection connection = shared.connect()) {
      return tryCommit(connection, sql, id);
    }
  }

  /** The same over a connection of the caller's to the shared database. */
  static Optional<Pending> tryCommit(Connection connection, String sql, long id)
      throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      boolean touched = statement.executeUpdate(sql) > 0;
      String image = null;
      try (ResultSet row =
          statement.executeQuery("select t::text from public.item t where id = " + id)) {
        if (row.next()) {
          image = row.getString(1);
        }
      }
      Lsn guard;
      try (ResultSet row = statement.executeQuery("select pg_current_wal_insert_lsn()::text")) {
        row.next();
        guard = Lsn.parse(row.getString(1));
      }
      connection.commit();
      return touched ? Optional.of(new Pending(guard, id, image)) : Optional.empty();
    } catch (SQLException e) {
      connection.rollback();
      throw e;
    }
  }

  /** Writes it to the service database; returns how many rows the guard let through. */
  int write(Pending pending) throws SQLException {
    try (Connection connection = service.connect()) {
      return write(connection, pending);
    }
  }

  /** The same over a connection of the caller's to the service database. */
  static int write(Connection connection, Pending pending) throws SQLException {
    try (PreparedStatement call =
        connection.prepareStatement(
            "select ficus.dual_write('orders', 1, 'public', 'item', ?::pg_lsn, ?, ?)")) {
      call.setString(1, pending.guard().toString());
      call.setArray(2, connection.createArrayOf("text", new Object[] {"[" + pending.id() + "]"}));
      call.setArray(3, connection.createArrayOf("text", new @Nullable String[] {pending.image()}));
      try (ResultSet row = call.executeQuery()) {
        row.next();
        return row.getInt(1);
      }
    }
  }
}
