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
 * Counts up in the name of user 1 on whichever side accepts writes, and watches the reference copy
 * of it: a copy that goes back in time shows a lower number than it has shown before.
 */
final class Counter implements AutoCloseable {

  private final ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean ended = new AtomicBoolean();
  private final List<Thread> threads;

  Counter(TestDatabase shared, TestDatabase service, TestDatabase reader) {
    shared.execute("update users set name = '0' where id = 1");
    this.threads =
        List.of(
            new Thread(() -> count(shared), "counter-shared"),
            new Thread(() -> count(service), "counter-service"),
            new Thread(() -> watch(reader), "counter-reader"));
    threads.forEach(Thread::start);
  }

  private void count(TestDatabase side) {
    try (Connection connection = side.connect();
        Statement statement = connection.createStatement()) {
      while (!ended.get()) {
        try {
          statement.execute("update users set name = (name::bigint + 1)::text where id = 1");
        } catch (SQLException e) {
          if (!SqlErrors.FENCE_CLOSED.equals(e.getSQLState())) {
            throw e;
          }
        }
        LockSupport.parkNanos(Duration.ofMillis(2).toNanos());
      }
    } catch (SQLException e) {
      wrong.add(String.valueOf(e.getMessage()));
    }
  }

  private void watch(TestDatabase reader) {
    long highest = -1;
    try (Connection connection = reader.connect();
        Statement statement = connection.createStatement()) {
      while (!ended.get()) {
        try (var row = statement.executeQuery("select name from users where id = 1")) {
          if (!row.next()) {
            wrong.add("the copy has lost user 1");
          } else if (!row.getString(1).startsWith("user")) {
            long seen = Long.parseLong(row.getString(1));
            if (seen < highest) {
              wrong.add("the copy went back from " + highest + " to " + seen);
            }
            highest = seen;
          }
        }
        LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
      }
    } catch (SQLException e) {
      wrong.add(String.valueOf(e.getMessage()));
    }
  }

  /** What was seen that must not be. */
  List<String> wrong() {
    return List.copyOf(wrong);
  }

  /** Stops counting and watching. */
  void end() {
    ended.set(true);
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() {
    end();
  }
}
