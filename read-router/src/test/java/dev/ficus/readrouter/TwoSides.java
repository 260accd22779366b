package dev.ficus.readrouter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.Lsn;
import dev.ficus.core.Phase;
import dev.ficus.core.Route;
import dev.ficus.core.ServiceName;
import dev.ficus.core.Side;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Counter;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.FicusSchema;
import dev.ficus.postgres.RouteWatcher;
import dev.ficus.postgres.Routes;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.Streams;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;

/** A group "orders" of one row on two servers, what the relay would say of it, and its router. */
final class TwoSides implements AutoCloseable {

  static final GroupName GROUP = new GroupName("orders");
  static final RoutingKey KEY = RoutingKey.named("anna");
  static final Duration LONG = Duration.ofSeconds(30);
  private static final TableName TABLE = new TableName("public", "orders");

  final TestDatabase shared = TestPostgres.createFrom("ficus", TwoSides::install);
  final TestDatabase service = TestPostgres.createElsewhereFrom("ficus", TwoSides::install);
  private final Database sharedSide = new Database(Database.SHARED, shared.address());
  private final Database serviceSide = new Database("orders", service.address());
  private final RouteWatcher routes;
  final StreamProgress progress;
  ReadRouter router;
  private long version = 1;

  private static void install(TestDatabase database) {
    FicusSchema.install(new Database("test", database.address()));
  }

  TwoSides() {
    for (TestDatabase side : List.of(shared, service)) {
      side.execute(
          "create table orders (id int primary key, n int); insert into orders values (1, 0)");
    }
    new Streams(serviceSide)
        .requestCopy(
            StreamName.of(GROUP, Direction.FORWARD),
            GROUP,
            Direction.FORWARD,
            Database.SHARED,
            Epoch.FIRST,
            List.of(new StreamTable(TABLE, TABLE, List.of("id", "n"), List.of("id"))));
    service.execute("update ficus.stream set state = 'STREAMING'");
    streamed();
    routes =
        new RouteWatcher(
            new ServiceName("orders"),
            "test",
            Set.of(GROUP),
            () -> sharedSide.connect("watcher"),
            () -> serviceSide.connect("watcher"),
            Duration.ofMillis(200));
    routes.start(LONG);
    progress = new StreamProgress(routes, () -> serviceSide.connect("progress"));
    router = router(Duration.ofMillis(50), LONG, LONG);
  }

  private ReadRouter router(Duration readYourWrites, Duration staleness, Duration catchUp) {
    return new ReadRouter(
        GROUP,
        routes,
        progress,
        () -> sharedSide.connect("freshness"),
        new ReadRouterSettings(readYourWrites, staleness, 100, 1, 100, 6, catchUp),
        Clock.systemUTC(),
        UnaryOperator.identity());
  }

  /** Begins anew with other bounds. */
  void bounds(Duration readYourWrites, Duration staleness, Duration catchUp) {
    router.close();
    router = router(readYourWrites, staleness, catchUp);
  }

  String read(Side side) throws SQLException {
    try (Connection connection = (side == Side.SHARED ? shared : service).connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("select n from orders where id = 1")) {
      row.next();
      return row.getString(1);
    }
  }

  void moveReads(int percentage) {
    publish(Phase.READS_MOVING, Epoch.FIRST, percentage, 0, false);
    await(() -> progress.of(GROUP).isPresent());
  }

  void publish(Phase phase, Epoch epoch, int reads, int shadow, boolean kill) {
    Route route = new Route(GROUP, ++version, phase, epoch, reads, shadow, kill);
    Routes.publish(sharedSide, route);
    await(() -> routes.route(GROUP).equals(route));
  }

  Lsn lsn() {
    return Lsn.parse(shared.queryOne("select pg_current_wal_insert_lsn()::text"));
  }

  /** Says that the stream has applied all there is. */
  void streamed() {
    service.execute(
        "update ficus.stream set position = '" + lsn() + "', position_at = clock_timestamp()");
  }

  long counted(Counter counter) {
    return routes.counters(GROUP).value(counter);
  }

  static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + LONG.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
      LockSupport.parkNanos(1_000_000);
    }
  }

  @Override
  public void close() {
    router.close();
    progress.close();
    routes.close();
    shared.close();
    service.close();
  }
}
