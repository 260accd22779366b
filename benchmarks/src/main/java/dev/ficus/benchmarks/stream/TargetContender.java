package dev.ficus.benchmarks.stream;

import dev.ficus.postgres.Database;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A contender that writes a target: it is held by a lock there, and its marks are read there. */
abstract class TargetContender implements Contender {

  private static final long POLL_NANOS = Duration.ofMillis(1).toNanos();
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private final Database target;
  private @Nullable TableLock lock;

  TargetContender(Database target) throws SQLException {
    this.target = target;
    Workload.execute(target, Workload.TABLES);
  }

  /** Throws if what writes the target has ended. */
  abstract void requireAlive();

  @Override
  public final Database target() {
    return target;
  }

  @Override
  public final void hold() throws SQLException {
    lock = TableLock.take(target, List.of("bench"));
  }

  @Override
  public final void release() throws SQLException {
    if (lock != null) {
      lock.close();
      lock = null;
    }
  }

  @Override
  public final void awaitMark(long id) throws SQLException {
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
        requireAlive();
        LockSupport.parkNanos(POLL_NANOS);
      }
    }
    throw new IllegalStateException(
        "mark " + id + " did not reach " + name() + " within " + PATIENCE);
  }

  @Override
  public void close() throws SQLException {
    release();
  }
}
