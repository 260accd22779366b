package dev.ficus.spring;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.core.Route;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.postgres.Capture;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.FenceState;
import dev.ficus.postgres.FicusSchema;
import dev.ficus.postgres.Routes;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.Streams;
import dev.ficus.postgres.Table;
import dev.ficus.postgres.Tables;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/**
 * A group "orders" with one table on two servers, and what control plane and relay would do to it.
 */
final class TwoSides implements AutoCloseable {

  static final GroupName GROUP = new GroupName("orders");
  private static final TableName TABLE = new TableName("public", "orders");
  private static final StreamName STREAM = StreamName.of(GROUP, Direction.FORWARD);
  private static final Duration SHORT = Duration.ofSeconds(5);

  final TestDatabase shared = TestPostgres.createFrom("ficus", TwoSides::install);
  final TestDatabase service = TestPostgres.createElsewhereFrom("ficus", TwoSides::install);
  final Database sharedSide = new Database(Database.SHARED, shared.address());
  final Database serviceSide = new Database("orders", service.address());
  private long version = 1;

  TwoSides() {
    for (TestDatabase side : List.of(shared, service)) {
      side.execute(
          "create table orders (id bigint primary key, customer text not null, amount numeric(12,2) not null,"
              + " placed_at timestamptz, label text generated always as ('#' || id) stored)");
    }
    new Fence(sharedSide, GROUP).install(List.of(TABLE), FenceState.OPEN, Epoch.FIRST, SHORT);
    new Fence(serviceSide, GROUP).install(List.of(TABLE), FenceState.CLOSED, Epoch.FIRST, SHORT);
    new Streams(serviceSide)
        .requestCopy(
            STREAM,
            GROUP,
            Direction.FORWARD,
            Database.SHARED,
            Epoch.FIRST,
            List.of(
                new StreamTable(
                    TABLE,
                    TABLE,
                    List.of("id", "customer", "amount", "placed_at"),
                    List.of("id"))));
    service.execute("update ficus.stream set state = 'STREAMING'");
    try (Connection connection = shared.connect()) {
      Table table = Tables.read(connection, "shared", TABLE);
      Capture.install(sharedSide, GROUP, List.of(table), SHORT);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void install(TestDatabase database) {
    FicusSchema.install(new Database("test", database.address()));
  }

  /** Publishes a phase, with the fence and guards that belong to it. */
  void phase(Phase phase, int readPercentage, int shadowPercentage) {
    if (phase.dualWrites()) {
      new Streams(serviceSide).guard(STREAM, true);
      new Fence(serviceSide, GROUP).move(FenceState.DUAL, Epoch.FIRST, SHORT);
    }
    publish(
        new Route(GROUP, ++version, phase, Epoch.FIRST, readPercentage, shadowPercentage, false));
  }

  void publish(Route route) {
    Routes.publish(sharedSide, route);
    Routes.publish(serviceSide, route);
  }

  long nextVersion() {
    return ++version;
  }

  void closeShared() {
    new Fence(sharedSide, GROUP).move(FenceState.CLOSED, Epoch.FIRST, SHORT);
  }

  void openShared() {
    new Fence(sharedSide, GROUP).move(FenceState.OPEN, Epoch.FIRST, SHORT);
  }

  /** The second half of a flip. */
  void openService() {
    new Streams(serviceSide).stop(STREAM);
    new Fence(serviceSide, GROUP).move(FenceState.OPEN, new Epoch(2), SHORT);
    publish(new Route(GROUP, ++version, Phase.WRITES_MOVED, new Epoch(2), 100, 0, false));
  }

  /** Does the relay's work: rows first, then the position. */
  void catchUp() {
    String lsn = shared.queryOne("select pg_current_wal_insert_lsn()::text");
    List<String> rows =
        shared.query("select row(id, customer, amount, placed_at, null)::text from orders");
    StringBuilder sql =
        new StringBuilder("set session_replication_role = replica; delete from orders;");
    for (String row : rows) {
      sql.append(
              "insert into orders (id, customer, amount, placed_at) select (r.i).id, (r.i).customer, (r.i).amount, (r.i).placed_at from (select '")
          .append(row.replace("'", "''"))
          .append("'::orders as i) r;");
    }
    service.execute(sql + positionTo(lsn));
  }

  /** Moves only the position, as for transactions of other tables. */
  void heartbeat() {
    service.execute(positionTo(shared.queryOne("select pg_current_wal_insert_lsn()::text")));
  }

  /** Ends all connections to the service database and refuses new ones, or lets them in again. */
  void serviceUp(boolean up) {
    String url = service.address().url();
    int slash = url.lastIndexOf('/');
    TestDatabase maintenance =
        new TestDatabase(
            new DatabaseAddress(
                url.substring(0, slash) + "/postgres",
                service.address().user(),
                service.address().password()));
    String name = url.substring(slash + 1);
    maintenance.execute("alter database " + name + " allow_connections " + up);
    maintenance.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = '" + name + "'");
  }

  private static String positionTo(String lsn) {
    return "update ficus.stream set position = '"
        + lsn
        + "', position_at = clock_timestamp(), lag_millis = 0";
  }

  @Override
  public void close() {
    shared.close();
    service.close();
  }
}
