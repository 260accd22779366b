package dev.ficus.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.core.Route;
import dev.ficus.core.ServiceName;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RouteWatcherTest {

  private static final GroupName GROUP = new GroupName("orders");
  private static final GroupName OTHER = new GroupName("users");
  private static final Duration LONG = Duration.ofSeconds(30);

  private final TestDatabase shared = TestPostgres.create();
  private final TestDatabase service = TestPostgres.createElsewhere();
  private final Database sharedSide = new Database(Database.SHARED, shared.address());
  private final Database serviceSide = new Database("orders", service.address());
  private RouteWatcher routes;

  @BeforeEach
  void install() {
    FicusSchema.install(sharedSide);
    routes = watcher(LONG, GROUP);
  }

  @AfterEach
  void stop() {
    routes.close();
    shared.close();
    service.close();
  }

  private RouteWatcher watcher(Duration poll, GroupName... groups) {
    return new RouteWatcher(
        new ServiceName("orders"),
        "host-1",
        Set.of(groups),
        () -> sharedSide.connect("watcher"),
        () -> serviceSide.connect("watcher"),
        poll);
  }

  private void watch(Duration poll) {
    routes = watcher(poll, GROUP);
    routes.start(LONG);
  }

  @Test
  void shouldTakeAGroupWithoutARouteOrASchemaAsShared() {
    watch(LONG);

    assertThat(routes.route(GROUP).phase()).isEqualTo(Phase.SHARED);
  }

  @Test
  void shouldKnowARouteThatWasThereBeforeItStarted() {
    Routes.publish(sharedSide, route(7, Phase.FOLLOWING, 1));

    watch(LONG);

    assertThat(routes.route(GROUP)).isEqualTo(route(7, Phase.FOLLOWING, 1));
  }

  @Test
  void shouldLearnAPublicationWithoutPolling() throws Exception {
    FicusSchema.install(serviceSide);
    watch(Duration.ofMinutes(10));
    Route before = routes.route(GROUP);
    CompletableFuture<Optional<Route>> awaited =
        CompletableFuture.supplyAsync(() -> routes.awaitNewer(before, LONG));

    Routes.publish(sharedSide, route(2, Phase.COPYING, 1));

    assertThat(awaited.get(30, TimeUnit.SECONDS)).contains(route(2, Phase.COPYING, 1));
    await(() -> acknowledged().equals("2"));
  }

  @Test
  void shouldKeepTheHighestEpochAndVersionWhicheverDatabaseSaysIt() {
    FicusSchema.install(serviceSide);
    watch(Duration.ofMillis(50));

    Routes.publish(serviceSide, route(9, Phase.WRITES_MOVED, 2));
    await(() -> routes.route(GROUP).version() == 9);
    Routes.publish(sharedSide, route(8, Phase.READS_MOVED, 1));
    await(() -> shared.queryOne("select version from ficus.route").equals("8"));
    assertThat(routes.awaitNewer(route(9, Phase.WRITES_MOVED, 2), Duration.ofMillis(300)))
        .isEmpty();
    assertThat(routes.route(GROUP).phase()).isEqualTo(Phase.WRITES_MOVED);

    // A later epoch wins over a higher version.
    Routes.publish(sharedSide, route(10, Phase.READS_MOVED, 3));
    await(() -> routes.route(GROUP).epoch().value() == 3);
  }

  @Test
  void shouldGoOnWhileOneDatabaseIsDownAndCatchUpAfterwards() {
    FicusSchema.install(serviceSide);
    watch(Duration.ofMillis(50));
    Routes.publish(sharedSide, route(2, Phase.COPYING, 1));
    await(() -> acknowledged().equals("2"));

    allowConnections(false);
    Routes.publish(sharedSide, route(3, Phase.FOLLOWING, 1));
    await(() -> routes.route(GROUP).version() == 3);

    allowConnections(true);
    await(() -> acknowledged().equals("3"));
  }

  @Test
  void shouldBeginToReportOnceTheServiceDatabaseIsProvisioned() {
    watch(Duration.ofMillis(50));

    FicusSchema.install(serviceSide);
    await(() -> acknowledged().equals("1"));
    routes.counters(GROUP).count(Counter.DUAL_WRITES);
    routes.counters(GROUP).fenceWaited(Duration.ofMillis(42));
    routes.counters(GROUP).fenceWaited(Duration.ofMillis(7));

    await(
        () ->
            service
                .queryOne(
                    "select row(service, dual_writes, fence_waits, fence_wait_max_ms)::text from ficus.instance")
                .equals("(orders,1,2,42)"));
  }

  @Test
  void shouldReportItsCountersALastTimeWhenItEnds() {
    FicusSchema.install(serviceSide);
    watch(Duration.ofMinutes(10));
    routes.counters(GROUP).count(Counter.READS_SHARED);

    routes.close();

    assertThat(service.queryOne("select reads_shared from ficus.instance")).isEqualTo("1");
  }

  @Test
  void shouldTakeAGroupAsSharedAgainOnceItsRoutesAreRemoved() {
    FicusSchema.install(serviceSide);
    Routes.publish(sharedSide, route(5, Phase.FOLLOWING, 1));
    Routes.publish(serviceSide, route(5, Phase.FOLLOWING, 1));
    watch(Duration.ofMillis(50));

    Routes.remove(sharedSide, GROUP);
    Routes.remove(serviceSide, GROUP);

    await(() -> routes.route(GROUP).phase() == Phase.SHARED);
  }

  @Test
  void shouldGoOnWatchingWhereARouteCannotBeRead() {
    Routes.publish(sharedSide, new Route(OTHER, 2, Phase.FOLLOWING, Epoch.FIRST, 0, 0, false));
    routes = watcher(Duration.ofMillis(50), GROUP, OTHER);
    routes.start(LONG);
    await(() -> routes.route(OTHER).phase() == Phase.FOLLOWING);

    // What a control plane of a later version may publish.
    shared.execute(
        "update ficus.route set phase = 'LATER', version = 3 where group_name = 'users'");
    Routes.publish(sharedSide, route(4, Phase.COPYING, 1));
    await(() -> routes.route(GROUP).version() == 4);
    assertThat(routes.route(OTHER).phase()).as("its last word").isEqualTo(Phase.FOLLOWING);

    Routes.publish(sharedSide, new Route(OTHER, 5, Phase.DUAL_WRITING, Epoch.FIRST, 0, 0, false));
    await(() -> routes.route(OTHER).version() == 5);
  }

  @Test
  void shouldGoOnWatchingWhenAListenerToRoutesFails() {
    watch(Duration.ofMillis(50));
    routes.onChange(
        route -> {
          throw new IllegalStateException("a defect of the listener");
        });

    Routes.publish(sharedSide, route(2, Phase.COPYING, 1));
    await(() -> routes.route(GROUP).version() == 2);
    Routes.publish(sharedSide, route(3, Phase.FOLLOWING, 1));
    await(() -> routes.route(GROUP).version() == 3);
  }

  private static Route route(long version, Phase phase, long epoch) {
    return new Route(GROUP, version, phase, new Epoch(epoch), 0, 0, false);
  }

  private String acknowledged() {
    return String.join(",", service.query("select route_version from ficus.instance"));
  }

  private void allowConnections(boolean allow) {
    int slash = service.address().url().lastIndexOf('/');
    String name = service.address().url().substring(slash + 1);
    String url = service.address().url().substring(0, slash) + "/postgres";
    TestDatabase maintenance =
        new TestDatabase(
            new dev.ficus.core.manifest.DatabaseAddress(
                url, service.address().user(), service.address().password()));
    maintenance.execute("alter database " + name + " allow_connections " + allow);
    maintenance.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = '" + name + "'");
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + LONG.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
      LockSupport.parkNanos(1_000_000);
    }
  }
}
