package dev.ficus.demo.stage;

import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.demo.stage.Servers.Server;
import dev.ficus.demo.traffic.StoreAddress;
import dev.ficus.demo.traffic.StoreSize;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.flywaydb.core.Flyway;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All that runs beneath the demo: four servers, the seeded store, and its three services. */
public final class Stage implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Stage.class);

  private static final int RELAY_HEAP_MEGABYTES = 256;
  private static final Duration REMOVAL = Duration.ofSeconds(10);

  private final Path folder;
  private final Servers servers;
  private final Footprint footprint;
  private final Deque<AutoCloseable> running = new ArrayDeque<>();
  private final StoreServices services;
  private boolean closed;

  private Stage(Path folder, StoreSize size, Consumer<String> say, Runnable interrupted) {
    this.folder = folder;
    Path data = folder(folder.resolve("data"));
    Path logs = folder(folder.resolve("logs"));
    // Before the servers: it must be there when they are.
    Guardian.start(data);
    this.footprint = new Footprint(data);
    keep(footprint);
    footprint.start();
    this.servers = new Servers(data);
    keep(servers);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(interrupted), "end-of-demo"));
    say.accept("starting four PostgreSQL servers");
    try {
      servers.start();
      say.accept("laying out and seeding the store, starting its three services");
      createStore(shared(), size, false);
      this.services = StoreServices.start(servers, logs);
      keep(services);
      CompletableFuture<Void> seeding =
          CompletableFuture.runAsync(() -> createStore(shared(), size, true));
      services.awaitReady();
      seeding.join();
      services.warmUp();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Starts everything and waits until it is ready.
   *
   * @param folder an empty folder for data and logs
   * @param size how much to seed
   * @param say told what is being done
   * @param interrupted told first when this process is ended before the stage is closed
   */
  public static Stage open(
      Path folder, StoreSize size, Consumer<String> say, Runnable interrupted) {
    return new Stage(folder, size, say, interrupted);
  }

  /** What was begun while the end has come is ended at once. */
  private synchronized void keep(AutoCloseable part) {
    if (!closed) {
      running.push(part);
      return;
    }
    try {
      part.close();
    } catch (Exception e) {
      throw new IllegalStateException("ending the demo failed", e);
    }
    throw new IllegalStateException("the demo is being ended");
  }

  private synchronized void end(Runnable interrupted) {
    if (closed) {
      return;
    }
    interrupted.run();
    try {
      close();
    } catch (RuntimeException e) {
      LOG.warn("not everything could be ended", e);
    }
  }

  /** Lays out the store in a database, and seeds it if asked. */
  public static void createStore(DatabaseAddress database, StoreSize size, boolean seeded) {
    Flyway.configure()
        .dataSource(database.url(), database.user(), database.password().reveal())
        .locations("classpath:db/shared")
        .placeholders(Map.of("users", Integer.toString(size.users())))
        .target(seeded ? "latest" : "1")
        .load()
        .migrate();
  }

  /** The folder that was given. */
  public Path folder() {
    return folder;
  }

  /** The shared database. */
  public DatabaseAddress shared() {
    return servers.address(Server.SHARED);
  }

  /** The database that becomes user-service's. */
  public DatabaseAddress users() {
    return servers.address(Server.USERS);
  }

  /** The database that becomes inventory-service's. */
  public DatabaseAddress inventory() {
    return servers.address(Server.INVENTORY);
  }

  /** The database that becomes order-service's. */
  public DatabaseAddress orders() {
    return servers.address(Server.ORDERS);
  }

  /** Where the services listen. */
  public StoreAddress store() {
    return services.address();
  }

  /** How much memory all of it takes. */
  public Footprint footprint() {
    return footprint;
  }

  /** Starts the relay as a process of its own. */
  public void startRelay(Path manifest) {
    keep(
        ChildJvm.start(
            "relay",
            RELAY_HEAP_MEGABYTES,
            RelayProcess.class.getName(),
            List.of("--manifest", manifest.toString()),
            folder.resolve("logs")));
  }

  private static Path folder(Path path) {
    try {
      return Files.createDirectories(path);
    } catch (IOException e) {
      throw new UncheckedIOException("making folder " + path + " failed", e);
    }
  }

  /** Ends all processes, in the reverse order of their start, and removes the servers' data. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    RuntimeException failure = null;
    while (!running.isEmpty()) {
      try {
        running.pop().close();
      } catch (Exception e) {
        failure = failure == null ? new IllegalStateException("ending the demo failed") : failure;
        failure.addSuppressed(e);
      }
    }
    remove(folder.resolve("data"));
    if (failure != null) {
      throw failure;
    }
  }

  /** The servers' own end may still be under way, and then files come and go. */
  private static void remove(Path tree) {
    long deadline = System.nanoTime() + REMOVAL.toNanos();
    while (true) {
      try {
        Runs.remove(tree);
        return;
      } catch (IOException e) {
        if (System.nanoTime() > deadline) {
          throw new UncheckedIOException("removing " + tree + " failed", e);
        }
        LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
      }
    }
  }
}
