package dev.ficus.benchmarks.stream;

import dev.ficus.postgres.Database;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Holds back whoever writes a target, by a lock on its table, and sees marks arrive. */
final class TargetGate {

  private static final long POLL_NANOS = Duration.ofMillis(1).toNanos();
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final Database target;
  private @Nullable Connection lock;

  TargetGate(Database target) {
    this.target = target;
  }

  void hold() throws SQLException {
    Connection connection = target.connect("benchmark");
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute("lock table public.bench in access exclusive mode");
    }
    lock = connection;
  }

  void release() throws SQLException {
    if (lock != null) {
      lock.close();
      lock = null;
    }
  }

  void awaitMark(long id) throws SQLException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    try (Connection connection = target.connect("benchmark");
        PreparedStatement select =
            connection.prepareStatement("select 1 from public.mark where id = ?")) {
      select.setLong(1, id);
      while (System.nanoTime() < deadline) {
        try (ResultSet row = select.executeQuery()) {
          if (row.next()) {
            return;
          }
        }
        LockSupport.parkNanos(POLL_NANOS);
      }
    }
    throw new IllegalStateException("mark " + id + " did not arrive within " + PATIENCE);
  }
}
