package dev.ficus.demo.script;

import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.demo.traffic.Ledger;
import dev.ficus.demo.traffic.StoreSize;
import dev.ficus.demo.traffic.Subject;
import dev.ficus.demo.traffic.Subject.Kind;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * A program that nobody told of the migration: it renames users in the shared database without the
 * library. A working fence refuses it from the flip on; it takes a refusal for an answer and tries
 * again later.
 */
final class LateWriter implements AutoCloseable {

  private static final int USERS = 20;
  private static final Duration PAUSE = Duration.ofMillis(50);

  private final DatabaseAddress shared;
  private final StoreSize size;
  private final Ledger ledger;
  private final Thread thread = new Thread(this::run, "late-writer");
  private volatile boolean ended;

  LateWriter(DatabaseAddress shared, StoreSize size, Ledger ledger) {
    this.shared = shared;
    this.size = size;
    this.ledger = ledger;
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  private void run() {
    try (Connection connection =
            DriverManager.getConnection(shared.url(), shared.user(), shared.password().reveal());
        PreparedStatement rename =
            connection.prepareStatement("update users set name = ? where id = ?")) {
      for (long write = 0; !ended; write++) {
        // The last of the seeded users: no customer writes them.
        long user = size.users() - write % USERS;
        String name = "Renamed late " + write;
        Ledger.Ask ask =
            ledger.ask("late-rename", Map.of(new Subject(Kind.USER, size.email(user)), name));
        rename.setString(1, name);
        rename.setLong(2, user);
        try {
          rename.executeUpdate();
          ledger.acknowledge(ask, Map.of());
        } catch (SQLException refused) {
          ledger.refuse(ask, Map.of());
        }
        LockSupport.parkNanos(PAUSE.toNanos());
      }
    } catch (SQLException e) {
      throw new IllegalStateException("the late writer lost its connection", e);
    }
  }

  @Override
  public void close() {
    ended = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
