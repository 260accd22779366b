package dev.ficus.dualwriter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.core.Route;
import dev.ficus.core.ServiceName;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.Transform;
import dev.ficus.postgres.Capture;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.FenceState;
import dev.ficus.postgres.FicusSchema;
import dev.ficus.postgres.RouteWatcher;
import dev.ficus.postgres.Routes;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.Streams;
import dev.ficus.postgres.Table;
import dev.ficus.postgres.Tables;
import dev.ficus.postgres.ddl.ServiceSchema;
import dev.ficus.postgres.transform.TransformedTable;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A group with tables on two servers, in phase DUAL_WRITING, and a watcher that knows it. */
final class Sides implements AutoCloseable {

  static final GroupName GROUP = new GroupName("orders");
  static final Duration LONG = Duration.ofSeconds(30);
  private static final StreamName STREAM = StreamName.of(GROUP, Direction.FORWARD);

  final TestDatabase shared = TestPostgres.createFrom("ficus", Sides::install);
  final TestDatabase service = TestPostgres.createElsewhereFrom("ficus", Sides::install);
  final Database sharedSide = new Database(Database.SHARED, shared.address());
  final Database serviceSide = new Database("orders", service.address());
  final RouteWatcher routes;
  private long version = 1;

  Sides() {
    this(Sides::createOrders);
  }

  /**
   * @param create creates the group's tables on one side
   */
  Sides(Function<TestDatabase, List<TableName>> create) {
    this(create, Map.of());
  }

  /**
   * The same with transforms, and with tables in the service database as provisioning makes them.
   */
  Sides(Function<TestDatabase, List<TableName>> create, Map<TableName, Transform> transforms) {
    List<TableName> tables = create.apply(shared);
    if (transforms.isEmpty()) {
      assertThat(create.apply(service)).isEqualTo(tables);
    } else {
      service.execute(onShared(it -> ServiceSchema.generate(it, tables, List.of(), transforms)));
    }
    new Fence(sharedSide, GROUP).install(tables, FenceState.OPEN, Epoch.FIRST, LONG);
    new Fence(serviceSide, GROUP).install(tables, FenceState.CLOSED, Epoch.FIRST, LONG);
    List<Table> shapes = shapes(tables);
    Capture.install(sharedSide, GROUP, shapes, LONG);
    Streams streams = new Streams(serviceSide);
    streams.requestCopy(
        STREAM,
        GROUP,
        Direction.FORWARD,
        Database.SHARED,
        Epoch.FIRST,
        shapes.stream().map(it -> streamTable(it, transforms.get(it.name()))).toList());
    service.execute("update ficus.stream set state = 'STREAMING'");
    streams.guard(STREAM, true);
    new Fence(serviceSide, GROUP).move(FenceState.DUAL, Epoch.FIRST, LONG);
    routes =
        new RouteWatcher(
            new ServiceName("orders"),
            "test",
            Set.of(GROUP),
            () -> sharedSide.connect("watcher"),
            () -> serviceSide.connect("watcher"),
            Duration.ofMillis(200));
    routes.start(LONG);
    publish(Phase.DUAL_WRITING, Epoch.FIRST);
  }

  private static void install(TestDatabase database) {
    FicusSchema.install(new Database("test", database.address()));
  }

  private StreamTable streamTable(Table table, @Nullable Transform transform) {
    return transform == null
        ? new StreamTable(table.name(), table.name(), table.writtenColumns(), table.key())
        : onShared(it -> TransformedTable.resolve(it, table.name(), transform)).forward();
  }

  private <T> T onShared(Function<Connection, T> work) {
    try (Connection connection = sharedSide.connect("test")) {
      return work.apply(connection);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<TableName> createOrders(TestDatabase side) {
    side.execute(
        """
        create type kind as enum ('small', 'large');
        create table orders (id bigint primary key, note text, amount numeric, doubled numeric generated always as (amount * 2) stored);
        create table "Order lines" (order_no text, line int, kind kind, at timestamptz, span interval, ratio float8,
          tags text[], payload jsonb, raw bytea, "Odd ""name" text, primary key (order_no, line))
        """);
    return List.of(new TableName("public", "orders"), new TableName("public", "Order lines"));
  }

  private List<Table> shapes(List<TableName> tables) {
    try (Connection connection = sharedSide.connect("shapes")) {
      List<Table> shapes = new ArrayList<>();
      for (TableName table : tables) {
        shapes.add(Tables.read(connection, "shared", table));
      }
      return shapes;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Publishes on both sides and waits until the watcher knows. */
  void publish(Phase phase, Epoch epoch) {
    long now = ++version;
    announce(phase, epoch, now);
    await(() -> routes.route(GROUP).version() == now);
  }

  void announce(Phase phase, Epoch epoch, long now) {
    version = now;
    Route route = new Route(GROUP, now, phase, epoch, 0, 0, false);
    Routes.publish(sharedSide, route);
    Routes.publish(serviceSide, route);
  }

  long version() {
    return version;
  }

  Fence fence(Database side) {
    return new Fence(side, GROUP);
  }

  /** All rows of both tables, as each side has them. */
  List<String> rows(TestDatabase side) {
    List<String> rows = new ArrayList<>(side.query("select t::text from orders t order by id"));
    rows.addAll(side.query("select t::text from \"Order lines\" t order by order_no, line"));
    return rows;
  }

  static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + LONG.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
      LockSupport.parkNanos(5_000_000);
    }
  }

  @Override
  public void close() {
    routes.close();
    shared.close();
    service.close();
  }
}
