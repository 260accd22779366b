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
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

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

  private final Map<Server, PostgresServer> running = new EnumMap<>(Server.class);

  private Servers() {}

  /**
   * Starts all four at once.
   *
   * @param data the folder for their data
   */
  static Servers start(Path data) {
    Servers servers = new Servers();
    List<CompletableFuture<Void>> starts =
        java.util.Arrays.stream(Server.values())
            .map(server -> CompletableFuture.runAsync(() -> servers.start(server, data)))
            .toList();
    try {
      starts.forEach(CompletableFuture::join);
    } catch (RuntimeException e) {
      servers.close();
      throw e;
    }
    return servers;
  }

  private void start(Server server, Path data) {
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

  @Override
  public void close() {
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
  }
}
