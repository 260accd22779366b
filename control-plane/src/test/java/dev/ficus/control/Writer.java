package dev.ficus.control;

import dev.ficus.postgres.SqlErrors;
import dev.ficus.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * Writes one side without a break, as a client that knows nothing of Ficus, and remembers what was
 * acknowledged.
 */
final class Writer implements AutoCloseable {

  private final TestDatabase database;
  private final String side;
  private final ConcurrentLinkedQueue<String> acknowledged = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Throwable> unexpected = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean ended = new AtomicBoolean();
  private final Thread thread;

  Writer(TestDatabase database, String side) {
    this.database = database;
    this.side = side;
    this.thread = new Thread(this::write, "writer-" + side);
    thread.start();
  }

  private void write() {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      for (int i = 1; !ended.get(); i++) {
        String name = side + " " + i;
        try {
          statement.execute("insert into users (name) values ('" + name + "')");
          acknowledged.add(name);
        } catch (SQLException e) {
          if (!SqlErrors.FENCE_CLOSED.equals(e.getSQLState())) {
            throw e;
          }
        }
        LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
      }
    } catch (SQLException e) {
      unexpected.add(e);
    }
  }

  List<String> acknowledged() {
    return List.copyOf(acknowledged);
  }

  List<Throwable> unexpected() {
    return List.copyOf(unexpected);
  }

  /** Stops writing and waits for the last answer. */
  void end() {
    ended.set(true);
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    end();
  }
}
