package dev.ficus.benchmarks;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.FicusSchema;
import dev.ficus.postgres.Slots;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.Streams;
import dev.ficus.testkit.PostgresServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Two tables of a source, with indexes and a foreign key, to be copied into databases of another
 * server.
 */
final class CopyTables {

  private static final int ITEMS_PER_TWO_ORDERS = 3;
  private static final Duration PATIENCE = Duration.ofMinutes(30);
  private static final GroupName GROUP = new GroupName("bench");
  private static final StreamName STREAM = StreamName.of(GROUP, Direction.FORWARD);
  static final List<String> NAMES = List.of("orders", "items");

  static final String TABLES_DDL =
      """
      create table public.orders (id bigint not null, customer bigint not null, status text not null, created timestamptz not null,
        total numeric(12,2) not null, note text);
      create table public.items (order_id bigint not null, line int not null, product bigint not null, quantity int not null,
        price numeric(12,2) not null, note text);
      """;
  static final List<String> INDEXES_DDL =
      List.of(
          "alter table public.orders add constraint orders_pkey primary key (id)",
          "create index orders_customer on public.orders (customer)",
          "create index orders_created on public.orders (created)",
          "alter table public.items add constraint items_pkey primary key (order_id, line)",
          "create index items_product on public.items (product)",
          "alter table public.items add constraint items_order foreign key (order_id) references public.orders");

  /** What both servers are set to. */
  static final Map<String, String> SERVER =
      Map.of(
          "fsync", "on",
          "shared_buffers", "256MB",
          "max_wal_size", "8GB",
          "checkpoint_timeout", "30min");

  private final Database source;
  private final int orders;
  private int targets;

  /**
   * @param orders rows of the smaller table; the other one has half as many more
   */
  CopyTables(Database source, int orders) {
    this.source = source;
    this.orders = orders;
  }

  /** Rows of both tables. */
  long rows() {
    return orders + orders / 2L * ITEMS_PER_TWO_ORDERS;
  }

  /**
   * Creates and fills them.
   *
   * @return the server's version
   */
  String fill() throws SQLException {
    try (Connection connection = source.connect("benchmark")) {
      execute(connection, TABLES_DDL);
      execute(
          connection,
          """
          insert into public.orders
            select i, i::bigint * 7919 %% 100000, (array['new', 'paid', 'sent', 'done'])[1 + i %% 4], timestamptz '2024-01-01' + i * interval '37 s',
              i %% 100000 / 100.0, case when i %% 3 > 0 then repeat('note ', 10 + i %% 10) end
            from generate_series(1, %d) i
          """
              .formatted(orders));
      execute(
          connection,
          """
          insert into public.items
            select o, l, (o * 31 + l)::bigint * 7907 %% 50000, 1 + l, (o + l) %% 10000 / 100.0, 'an item, wrapped as a present'
            from generate_series(1, %d) o, generate_series(1, 1 + o %% 2) l
          """
              .formatted(orders));
      for (String ddl : INDEXES_DDL) {
        execute(connection, ddl);
      }
      execute(connection, "vacuum analyze public.orders");
      execute(connection, "vacuum analyze public.items");
      return connection.getMetaData().getDatabaseProductVersion();
    }
  }

  /** Creates an empty database. */
  Database createTarget(PostgresServer server) throws SQLException {
    String name = "target" + ++targets;
    Database maintenance = new Database("maintenance", server.address("postgres"));
    try (Connection connection = maintenance.connect("benchmark")) {
      execute(connection, "create database " + name);
      execute(connection, "checkpoint");
    }
    return new Database("service", server.address(name));
  }

  /** Drops one. */
  static void drop(PostgresServer server, Database target) throws SQLException {
    String url = target.address().url();
    Database maintenance = new Database("maintenance", server.address("postgres"));
    try (Connection connection = maintenance.connect("benchmark")) {
      execute(
          connection, "drop database " + url.substring(url.lastIndexOf('/') + 1) + " with (force)");
    }
  }

  /** How long a relay's copy took, and its peak of resident memory. */
  record Copied(double seconds, double residentMiB) {}

  /** Copies them by a relay in a process of its own, from the request until it streams. */
  Copied ficus(Database target) throws Exception {
    try (Connection connection = target.connect("benchmark")) {
      execute(connection, TABLES_DDL);
      for (String ddl : INDEXES_DDL) {
        execute(connection, ddl);
      }
    }
    FicusSchema.install(target);
    Streams streams = new Streams(target);
    try (ChildJvm relay =
        ChildJvm.start(RelayProcess.class, ContenderArguments.of(source, target))) {
      relay.await("ready");
      long begun = System.nanoTime();
      streams.requestCopy(
          STREAM,
          GROUP,
          Direction.FORWARD,
          source.name(),
          Epoch.FIRST,
          StreamTables.of(source, NAMES));
      streams.awaitStreaming(STREAM, PATIENCE);
      double seconds = (System.nanoTime() - begun) / 1e9;
      double resident = relay.peakResidentMiB();
      streams.stop(STREAM);
      relay.kill();
      new Slots(source).drop(STREAM.slot(Epoch.FIRST), Duration.ofSeconds(30));
      return new Copied(seconds, resident);
    }
  }

  /** Throws if rows, indexes or the foreign key are missing in a target. */
  void verify(Database target) throws SQLException {
    String counts =
        "select (select count(*) from public.orders) + (select count(*) from public.items), (select count(*) from pg_indexes where schemaname = 'public'),"
            + " (select count(*) from pg_constraint where conname = 'items_order' and convalidated)";
    try (Connection connection = target.connect("benchmark");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(counts)) {
      row.next();
      if (row.getLong(1) != rows() || row.getInt(2) != 5 || row.getInt(3) != 1) {
        throw new IllegalStateException(
            "a contender copied "
                + row.getLong(1)
                + " rows, "
                + row.getInt(2)
                + " indexes and "
                + row.getInt(3)
                + " foreign keys: expected "
                + rows()
                + ", 5 and 1");
      }
    }
  }

  static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
