package dev.ficus.demo.stage;

import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.testkit.PostgresServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Four PostgreSQL servers, each with one database: databases of one server would share their LSNs,
 * which hides mistakes.
 */
final class Servers implements AutoCloseable {

  /** One server. */
  enum Server {
    SHARED("shared"),
    USERS("users"),
    INVENTORY("inventory"),
    ORDERS("orders");

    private final String database;

    Server(String database) {
      this.database = database;
    }

    /** The name of its one database. */
    String database() {
      return database;
    }
  }

  private static final Map<String, String> SETTINGS =
      Map.of(
          "wal_level", "logical",
          "fsync", "on",
          "synchronous_commit", "on",
          "shared_buffers", "32MB",
          "max_connections", "80",
          "max_replication_slots", "20",
          "max_wal_senders", "20",
          "max_wal_size", "512MB",
          "jit", "off");

  private static final Duration START = Duration.ofSeconds(60);
  private static final Duration STOP = Duration.ofSeconds(10);

  private final Map<Server, PostgresServer> running = new EnumMap<>(Server.class);

  private final Path data;
  private List<CompletableFuture<Void>> starts = List.of();
  private boolean closed;

  /**
   * @param data the folder for their data
   */
  Servers(Path data) {
    this.data = data;
  }

  /** Starts all four at once. */
  void start() {
    List<CompletableFuture<Void>> all;
    synchronized (running) {
      requireOpen();
      all =
          java.util.Arrays.stream(Server.values())
              .map(server -> CompletableFuture.runAsync(() -> start(server)))
              .toList();
      starts = all;
    }
    all.forEach(CompletableFuture::join);
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the servers are being ended");
    }
  }

  private void start(Server server) {
    PostgresServer started = PostgresServer.start(folder(data, server), SETTINGS);
    synchronized (running) {
      running.put(server, started);
    }
    DatabaseAddress admin = started.address("postgres");
    try (Connection connection =
            DriverManager.getConnection(admin.url(), admin.user(), admin.password().reveal());
        Statement statement = connection.createStatement()) {
      statement.execute("create database " + server.database());
    } catch (SQLException e) {
      throw new IllegalStateException("creating database " + server.database() + " failed", e);
    }
  }

  private static Path folder(Path data, Server server) {
    Path folder = data.resolve(server.database());
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException("making a folder for a server's data failed", e);
    }
    return folder;
  }

  DatabaseAddress address(Server server) {
    synchronized (running) {
      PostgresServer started = running.get(server);
      if (started == null) {
        throw new IllegalStateException("server " + server + " is not running");
      }
      return started.address(server.database());
    }
  }

  /** Stops them, also those that are just being started. */
  @Override
  public void close() {
    List<CompletableFuture<Void>> begun;
    synchronized (running) {
      closed = true;
      begun = starts;
    }
    CompletableFuture<Void> started =
        CompletableFuture.allOf(begun.toArray(CompletableFuture<?>[]::new))
            .orTimeout(START.toSeconds(), TimeUnit.SECONDS)
            .exceptionally(failed -> null);
    started.join();
    List<PostgresServer> all;
    synchronized (running) {
      all = List.copyOf(running.values());
      running.clear();
    }
    CompletableFuture.allOf(
            all.stream()
                .map(server -> CompletableFuture.runAsync(server::close))
                .toArray(CompletableFuture<?>[]::new))
        .join();
    // A start that failed after its postmaster was there: a JVM that ends takes no more hooks.
    Footprint.postmasters(data).forEach(Servers::stop);
  }

  private static void stop(ProcessHandle postmaster) {
    postmaster.destroy();
    ProcessHandle unused =
        postmaster
            .onExit()
            .completeOnTimeout(postmaster, STOP.toSeconds(), TimeUnit.SECONDS)
            .join();
  }
}
