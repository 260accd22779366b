package dev.ficus.testkit;

import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.core.manifest.Secret;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Fresh databases for tests, on servers that are started once per JVM.
 *
 * <p>{@link #create()} uses the first server and {@link #createElsewhere()} the second: databases
 * of one server share their LSNs, which would hide mistakes between them.
 */
public final class TestPostgres {

  /** Chooses the server: {@code embedded}, {@code testcontainers}, or a JDBC URL of a superuser. */
  public static final String PROPERTY = "ficus.test.postgres";

  private static final AtomicInteger NUMBER = new AtomicInteger();
  private static final Map<DatabaseAddress, TestDatabase> TEMPLATES = new ConcurrentHashMap<>();

  private static final Server FIRST = new Server(PROPERTY);
  private static final Server SECOND = new Server(PROPERTY + ".second");

  /** Starts at first use; where that fails, every later use fails at once with the same words. */
  private static final class Server {

    private final String property;
    private Optional<DatabaseAddress> address = Optional.empty();
    private Optional<RuntimeException> failure = Optional.empty();

    Server(String property) {
      this.property = property;
    }

    synchronized DatabaseAddress address() {
      if (failure.isPresent()) {
        throw new IllegalStateException(failure.get().getMessage(), failure.get());
      }
      if (address.isEmpty()) {
        try {
          address = Optional.of(startServer(property));
        } catch (RuntimeException e) {
          failure = Optional.of(e);
          throw e;
        }
      }
      return address.get();
    }

    synchronized Optional<DatabaseAddress> started() {
      return address;
    }
  }

  /** The same database as the superuser of its server sees it. */
  static DatabaseAddress asSuperuser(DatabaseAddress address) {
    return Stream.of(FIRST, SECOND)
        .flatMap(server -> server.started().stream())
        .map(server -> sibling(server, databaseName(address)))
        .filter(known -> known.url().equals(address.url()))
        .findFirst()
        .orElseGet(() -> new DatabaseAddress(address.url(), "postgres", new Secret("")));
  }

  private TestPostgres() {}

  /** An empty database on the first server. */
  public static TestDatabase create() {
    return create(FIRST.address(), "template0");
  }

  /** An empty database on the second server. */
  public static TestDatabase createElsewhere() {
    return create(SECOND.address(), "template0");
  }

  /**
   * A database on the first server, cloned from a template that is made once per JVM on first use.
   *
   * @param template its name, of lower-case letters and underscores
   * @param fill fills the template once; it must close its connections
   */
  public static TestDatabase createFrom(String template, Consumer<TestDatabase> fill) {
    return createFrom(FIRST.address(), template, fill);
  }

  /** The same on the second server, with a template of its own. */
  public static TestDatabase createElsewhereFrom(String template, Consumer<TestDatabase> fill) {
    return createFrom(SECOND.address(), template, fill);
  }

  private static TestDatabase createFrom(
      DatabaseAddress server, String template, Consumer<TestDatabase> fill) {
    String name = "ficus_template_" + template + "_" + ProcessHandle.current().pid();
    TEMPLATES.computeIfAbsent(
        sibling(server, name),
        key -> {
          TestDatabase made = createNamed(server, name, "template0");
          fill.accept(made);
          return made;
        });
    return create(server, name);
  }

  private static TestDatabase create(DatabaseAddress server, String template) {
    String name = "ficus_test_" + ProcessHandle.current().pid() + "_" + NUMBER.incrementAndGet();
    return createNamed(server, name, template);
  }

  private static TestDatabase createNamed(DatabaseAddress server, String name, String template) {
    try (Connection connection = connect(server);
        Statement statement = connection.createStatement()) {
      statement.execute("create database " + name + " template " + template);
      // A superuser who is called ficus must not find schema ficus before public.
      statement.execute("alter database " + name + " set search_path = public");
    } catch (SQLException e) {
      throw new IllegalStateException(
          "creating test database " + name + " on " + server + " failed", e);
    }
    return new TestDatabase(sibling(server, name));
  }

  static void drop(TestDatabase database) {
    String name = databaseName(database.address());
    try (Connection connection = connect(sibling(asSuperuser(database.address()), "postgres"))) {
      try (PreparedStatement slots =
          connection.prepareStatement(
              """
              select pg_terminate_backend(active_pid) from pg_replication_slots
              where database = ? and active_pid is not null
              """)) {
        slots.setString(1, name);
        slots.execute();
      }
      dropSlots(connection, name);
      try (Statement statement = connection.createStatement()) {
        statement.execute("drop database if exists " + name + " with (force)");
      }
    } catch (SQLException e) {
      throw new IllegalStateException("dropping test database " + name + " failed", e);
    }
  }

  private static void dropSlots(Connection connection, String database) throws SQLException {
    long deadline = System.nanoTime() + 10_000_000_000L;
    while (true) {
      try (PreparedStatement drop =
              connection.prepareStatement(
                  """
                  select pg_drop_replication_slot(slot_name) from pg_replication_slots
                  where database = ? and active_pid is null
                  """);
          PreparedStatement left =
              connection.prepareStatement(
                  "select count(*) from pg_replication_slots where database = ?")) {
        drop.setString(1, database);
        drop.execute();
        left.setString(1, database);
        try (ResultSet row = left.executeQuery()) {
          row.next();
          if (row.getInt(1) == 0) {
            return;
          }
        }
      }
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException(
            "slots of " + database + " are still in use: close the stream before its database");
      }
      Thread.onSpinWait();
    }
  }

  private static DatabaseAddress startServer(String property) {
    String wanted = System.getProperty(property, System.getProperty(PROPERTY, "embedded"));
    if (wanted.equals("embedded")) {
      return PostgresServer.start(Map.of()).address("postgres");
    }
    if (wanted.equals("testcontainers")) {
      return ContainerServer.start();
    }
    if (wanted.startsWith("jdbc:postgresql:")) {
      if (System.getProperty(property) == null) {
        throw new IllegalStateException(
            "this test needs a second server: name it with -D"
                + property
                + "=jdbc:postgresql://host:port/database");
      }
      DatabaseAddress address =
          new DatabaseAddress(
              wanted,
              System.getProperty(property + ".user", "postgres"),
              new Secret(System.getProperty(property + ".password", "")));
      requireAlone(address);
      return address;
    }
    throw new IllegalArgumentException(
        "-D"
            + property
            + "="
            + wanted
            + ": expected embedded, testcontainers, or a URL jdbc:postgresql://host:port/database");
  }

  /** The names of slots are a server's, not a database's: two JVMs would work on each other's. */
  // The lock is held for as long as the JVM lives.
  @SuppressWarnings("resource")
  private static void requireAlone(DatabaseAddress server) {
    try {
      Connection held = connect(server);
      try (Statement statement = held.createStatement();
          ResultSet row =
              statement.executeQuery("select pg_try_advisory_lock(hashtext('ficus tests'))")) {
        row.next();
        if (!row.getBoolean(1)) {
          throw new IllegalStateException(
              "another JVM tests on "
                  + server
                  + ": wait until it has ended, and run with -Dficus.test.forks=1");
        }
      }
    } catch (SQLException e) {
      throw new IllegalStateException("connecting to " + server + " failed", e);
    }
  }

  private static Connection connect(DatabaseAddress address) throws SQLException {
    return DriverManager.getConnection(address.url(), address.user(), address.password().reveal());
  }

  private static DatabaseAddress sibling(DatabaseAddress address, String database) {
    int query = address.url().indexOf('?');
    String base = query < 0 ? address.url() : address.url().substring(0, query);
    String tail = query < 0 ? "" : address.url().substring(query);
    return new DatabaseAddress(
        base.substring(0, base.lastIndexOf('/') + 1) + database + tail,
        address.user(),
        address.password());
  }

  private static String databaseName(DatabaseAddress address) {
    int query = address.url().indexOf('?');
    String base = query < 0 ? address.url() : address.url().substring(0, query);
    return base.substring(base.lastIndexOf('/') + 1);
  }
}
