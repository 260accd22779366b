package dev.ficus.testkit;

import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.core.manifest.Secret;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A real PostgreSQL server from the embedded binaries, on a free loopback port; it needs neither
 * Docker nor an installation.
 *
 * <p>Logical decoding is on, and {@code synchronous_commit} too: with it off a walsender sees
 * commits only as the WAL writer flushes.
 */
public final class PostgresServer implements AutoCloseable {

  private static final Map<String, String> SETTINGS =
      Map.of(
          "wal_level", "logical",
          "max_replication_slots", "40",
          "max_wal_senders", "40",
          "max_connections", "200",
          "synchronous_commit", "on",
          "timezone", "UTC",
          "log_timezone", "UTC",
          "shared_buffers", "64MB");

  private final EmbeddedPostgres postgres;

  private PostgresServer(EmbeddedPostgres postgres) {
    this.postgres = postgres;
  }

  /**
   * Starts a server whose data are removed with the JVM; {@code fsync} is off, so it is for tests
   * that do not crash the machine.
   *
   * @param settings server settings that override the defaults
   */
  public static PostgresServer start(Map<String, String> settings) {
    return start(null, settings);
  }

  /**
   * Starts a server with its data in the given folder, which stays.
   *
   * @param data an empty or absent folder, or the data of an earlier start; null for a temporary
   *     one
   * @param settings server settings that override the defaults
   */
  public static PostgresServer start(@Nullable Path data, Map<String, String> settings) {
    Map<String, String> all = new TreeMap<>(SETTINGS);
    all.putAll(settings);
    EmbeddedPostgres.Builder builder =
        EmbeddedPostgres.builder()
            .setPGStartupWait(Duration.ofSeconds(60))
            .setLocaleConfig("encoding", "UTF8");
    all.forEach(builder::setServerConfig);
    if (data != null) {
      builder.setDataDirectory(data).setCleanDataDirectory(false);
    }
    try {
      return new PostgresServer(builder.start());
    } catch (IOException e) {
      throw new UncheckedIOException("starting an embedded PostgreSQL server failed", e);
    }
  }

  /** The port on the loopback address. */
  public int port() {
    return postgres.getPort();
  }

  /** The address of one of the server's databases, for its superuser. */
  public DatabaseAddress address(String database) {
    return new DatabaseAddress(
        "jdbc:postgresql://localhost:" + port() + "/" + database, "postgres", new Secret(""));
  }

  /** Stops the server and, where its data were temporary, removes them. */
  @Override
  public void close() {
    try {
      postgres.close();
    } catch (IOException e) {
      throw new UncheckedIOException(
          "stopping the embedded PostgreSQL server on port " + port() + " failed", e);
    }
  }
}
