package dev.ficus.readrouter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.FreshnessLsn;
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
import dev.ficus.readrouter.ReadDecision.Reason;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReadRouterTest {

  private static final GroupName GROUP = new GroupName("orders");
  private static final TableName TABLE = new TableName("public", "orders");
  private static final RoutingKey KEY = RoutingKey.named("anna");
  private static final Duration LONG = Duration.ofSeconds(30);

  private final TestDatabase shared = TestPostgres.createFrom("ficus", ReadRouterTest::install);
  private final TestDatabase service =
      TestPostgres.createElsewhereFrom("ficus", ReadRouterTest::install);
  private final Database sharedSide = new Database(Database.SHARED, shared.address());
  private final Database serviceSide = new Database("orders", service.address());
  private RouteWatcher routes;
  private StreamProgress progress;
  private ReadRouter router;
  private long version = 1;

  private static void install(TestDatabase database) {
    FicusSchema.install(new Database("test", database.address()));
  }

  @BeforeEach
  void start() {
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
    router = router(settings(Duration.ofMillis(50), LONG, LONG));
  }

  @AfterEach
  void stop() {
    router.close();
    progress.close();
    routes.close();
    shared.close();
    service.close();
  }

  private ReadRouter router(ReadRouterSettings settings) {
    return new ReadRouter(
        GROUP,
        routes,
        progress,
        () -> sharedSide.connect("freshness"),
        settings,
        Clock.systemUTC());
  }

  private static ReadRouterSettings settings(
      Duration readYourWrites, Duration staleness, Duration catchUp) {
    return new ReadRouterSettings(readYourWrites, staleness, 100, 1, 100, 6, catchUp);
  }

  @Test
  void shouldReadTheWriteSideWhateverThePercentageWhereThePhaseMovesNoReads() {
    for (Phase phase :
        List.of(
            Phase.SHARED,
            Phase.PROVISIONED,
            Phase.COPYING,
            Phase.FOLLOWING,
            Phase.DUAL_WRITING,
            Phase.READS_SHADOWED)) {
      publish(phase, Epoch.FIRST, 100, 0, false);

      assertThat(router.decide(KEY)).isEqualTo(new ReadDecision(Side.SHARED, Reason.NOT_MOVED));
    }
  }

  @Test
  void shouldMoveAllKeysNoneOrThoseWithinThePercentage() {
    moveReads(100);
    assertThat(keysMoved()).isEqualTo(200);
    moveReads(0);
    assertThat(keysMoved()).isZero();
    moveReads(10);
    Set<String> atTen = movedKeys();
    moveReads(20);
    assertThat(movedKeys()).hasSizeGreaterThan(atTen.size()).containsAll(atTen);
  }

  @Test
  void shouldObeyTheKillSwitchAtOnce() {
    moveReads(100);
    publish(Phase.READS_MOVED, Epoch.FIRST, 100, 0, true);

    assertThat(router.decide(KEY).reason()).isEqualTo(Reason.NOT_MOVED);
  }

  @Test
  void shouldReadTheServiceDatabaseOnceItIsWritten() {
    publish(Phase.WRITES_MOVED, new Epoch(2), 0, 0, true);
    service.execute("update ficus.stream set state = 'STOPPED'");

    assertThat(router.decide(KEY)).isEqualTo(new ReadDecision(Side.SERVICE, Reason.WRITES_MOVED));
  }

  @Test
  void shouldReadTheWriteSideWhenTheStreamIsTooFarBehindStoppedOrOfAnotherEpoch() {
    moveReads(100);
    for (String trouble :
        List.of(
            "position_at = clock_timestamp() - interval '31 s'",
            "lag_millis = 30001",
            "state = 'STOPPED'",
            "state = 'FAILED'",
            "epoch = 2")) {
      service.execute("update ficus.stream set " + trouble);
      await(() -> router.decide(KEY).reason() == Reason.STALE);

      service.execute("update ficus.stream set state = 'STREAMING', epoch = 1, lag_millis = 0");
      streamed();
      await(() -> router.decide(KEY).reason() == Reason.MOVED);
    }
  }

  @Test
  void shouldCountTheAgeOfItsOwnReadingAsStaleness() {
    router.close();
    router = router(settings(Duration.ZERO, Duration.ofMillis(700), LONG));
    moveReads(100);
    service.execute("alter table ficus.stream rename to elsewhere");

    await(() -> router.decide(KEY).reason() == Reason.STALE);

    service.execute("alter table ficus.elsewhere rename to stream");
    await(
        () -> {
          streamed();
          return router.decide(KEY).reason() == Reason.MOVED;
        });
  }

  @Test
  void shouldKeepAReadOfOnesOwnWriteBackUntilItHasArrived() {
    moveReads(100);
    shared.execute("update orders set n = 1");
    Lsn written = lsn();
    router.wrote(KEY, Optional.of(new FreshnessLsn(written)));

    assertThat(router.decide(KEY))
        .isEqualTo(new ReadDecision(Side.SHARED, Reason.OWN_WRITE_NOT_THERE));
    assertThat(router.decide(RoutingKey.named("bert")).reason()).isEqualTo(Reason.MOVED);
    assertThat(router.decide(RoutingKey.unnamed("all")).reason())
        .isEqualTo(Reason.OWN_WRITE_NOT_THERE);

    streamed();
    await(() -> router.decide(KEY).reason() == Reason.MOVED);
  }

  @Test
  void shouldWaitForOnesOwnWriteWithinTheBudget() throws Exception {
    router.close();
    router = router(settings(LONG, LONG, LONG));
    moveReads(100);
    shared.execute("update orders set n = 1");
    router.wrote(KEY, Optional.of(new FreshnessLsn(lsn())));
    CompletableFuture<ReadDecision> reading =
        CompletableFuture.supplyAsync(() -> router.decide(KEY));
    assertThat(reading).isNotDone();

    streamed();

    assertThat(reading.get(30, TimeUnit.SECONDS).reason()).isEqualTo(Reason.MOVED);
  }

  @Test
  void shouldReadTheWriteSideWhenTheFreshnessOfOnesOwnWriteIsUnknown() {
    moveReads(100);
    router.wrote(KEY, Optional.empty());

    assertThat(router.decide(KEY).reason()).isEqualTo(Reason.OWN_WRITE_NOT_THERE);
  }

  @Test
  void shouldRepeatAReadOnTheWriteSideWhenTheServiceDatabaseFails() throws Throwable {
    moveReads(100);
    service.execute("drop table orders");

    assertThat(router.<String>call("Orders.read", KEY, false, this::read)).isEqualTo("0");
    assertThat(counted(Counter.READS_FALLEN_BACK)).isEqualTo(1);
    assertThat(counted(Counter.READS_SHARED)).isEqualTo(1);
    assertThat(counted(Counter.READS_SERVICE)).isZero();
  }

  @Test
  void shouldNotRepeatAReadThatFailsForReasonsOfItsOwn() {
    moveReads(100);
    List<Side> attempts = new ArrayList<>();

    assertThatThrownBy(
            () ->
                router.call(
                    "Orders.read",
                    KEY,
                    false,
                    side -> {
                      attempts.add(side);
                      throw new IllegalArgumentException("no such order");
                    }))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(attempts).containsExactly(Side.SERVICE);
    assertThat(counted(Counter.READS_FALLEN_BACK)).isZero();
  }

  @Test
  void shouldRefuseAnAnswerThatCannotBeComparedAtItsFirstUseInAnyPhase() {
    assertThatThrownBy(() -> router.call("Orders.read", KEY, true, side -> new Object() {}))
        .isInstanceOf(ReadException.class)
        .hasMessageContaining("does not define equals");
  }

  @Test
  void shouldCompareSamplesAndFindThemEqual() throws Throwable {
    publish(Phase.READS_SHADOWED, Epoch.FIRST, 0, 100, false);

    for (int i = 0; i < 20; i++) {
      assertThat(router.<String>call("Orders.read", KEY, true, this::read)).isEqualTo("0");
    }

    await(() -> counted(Counter.SHADOW_COMPARED) == 20);
    assertThat(counted(Counter.SHADOW_MISMATCHES)).isZero();
    assertThat(counted(Counter.READS_SHARED)).isEqualTo(20);
  }

  @Test
  void shouldConfirmADifferenceThatIsReal() throws Throwable {
    publish(Phase.READS_SHADOWED, Epoch.FIRST, 0, 100, false);
    service.execute("update orders set n = 666");
    streamed();

    String answer = router.<String>call("Orders.read", KEY, true, this::read);

    assertThat(answer).isEqualTo("0");
    await(
        () -> {
          // The server writes WAL of its own: only a stream that goes on reaches a freshness LSN.
          streamed();
          return counted(Counter.SHADOW_MISMATCHES) == 1;
        });
    assertThat(counted(Counter.SHADOW_COMPARED)).isEqualTo(1);
  }

  @Test
  void shouldNotReportAChangeThatIsStillOnItsWay() throws Throwable {
    publish(Phase.READS_SHADOWED, Epoch.FIRST, 0, 100, false);
    shared.execute("update orders set n = 5");
    AtomicInteger followed = new AtomicInteger();
    AtomicBoolean caughtUp = new AtomicBoolean();

    router.<String>call(
        "Orders.read",
        KEY,
        true,
        side -> {
          if (side == Side.SERVICE && followed.incrementAndGet() == 1) {
            String before = read(side);
            // The stream catches up only after the first look.
            new Thread(
                    () -> {
                      LockSupport.parkNanos(100_000_000);
                      service.execute("update orders set n = 5");
                      caughtUp.set(true);
                    })
                .start();
            return before;
          }
          return read(side);
        });

    await(
        () -> {
          if (caughtUp.get()) {
            streamed();
          }
          return counted(Counter.SHADOW_COMPARED) == 1;
        });
    assertThat(followed.get()).isEqualTo(2);
    assertThat(counted(Counter.SHADOW_MISMATCHES)).isZero();
  }

  @Test
  void shouldNotCallAMismatchWhatChangesAllTheTime() throws Throwable {
    publish(Phase.READS_SHADOWED, Epoch.FIRST, 0, 100, false);
    AtomicInteger looks = new AtomicInteger();
    router.<String>call(
        "Orders.read",
        KEY,
        true,
        side -> {
          looks.incrementAndGet();
          if (side == Side.SHARED) {
            shared.execute("update orders set n = n + 1");
            streamed();
          }
          return read(side);
        });

    // Answer and first comparison, then six attempts of three looks.
    await(() -> looks.get() == 2 + 6 * 3);
    router.close();
    assertThat(counted(Counter.SHADOW_COMPARED)).isZero();
    assertThat(counted(Counter.SHADOW_MISMATCHES)).isZero();
  }

  @Test
  void shouldNotCallAMismatchWhatChangedAndChangedBack() throws Throwable {
    publish(Phase.READS_SHADOWED, Epoch.FIRST, 0, 100, false);
    AtomicInteger followed = new AtomicInteger();
    router.<String>call(
        "Orders.read",
        KEY,
        true,
        // The first two looks at the service database see something in between.
        side -> {
          streamed();
          return side == Side.SERVICE && followed.incrementAndGet() <= 2 ? "between" : read(side);
        });

    await(() -> counted(Counter.SHADOW_COMPARED) == 1);
    assertThat(counted(Counter.SHADOW_MISMATCHES)).isZero();
  }

  @Test
  void shouldLeaveASampleUndecidedWhenTheStreamDoesNotCatchUp() throws Throwable {
    router.close();
    router = router(settings(Duration.ZERO, LONG, Duration.ofMillis(100)));
    publish(Phase.READS_SHADOWED, Epoch.FIRST, 0, 100, false);
    shared.execute("update orders set n = 5");
    AtomicInteger looks = new AtomicInteger();

    router.<String>call(
        "Orders.read",
        KEY,
        true,
        side -> {
          looks.incrementAndGet();
          return read(side);
        });

    await(() -> looks.get() == 3);
    router.close();
    assertThat(counted(Counter.SHADOW_COMPARED)).isZero();
    assertThat(counted(Counter.SHADOW_MISMATCHES)).isZero();
  }

  private String read(Side side) throws SQLException {
    try (Connection connection = (side == Side.SHARED ? shared : service).connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("select n from orders where id = 1")) {
      row.next();
      return row.getString(1);
    }
  }

  private void moveReads(int percentage) {
    publish(Phase.READS_MOVING, Epoch.FIRST, percentage, 0, false);
    await(() -> progress.of(GROUP).isPresent());
  }

  private void publish(Phase phase, Epoch epoch, int reads, int shadow, boolean kill) {
    Route route = new Route(GROUP, ++version, phase, epoch, reads, shadow, kill);
    Routes.publish(sharedSide, route);
    await(() -> routes.route(GROUP).equals(route));
  }

  private Set<String> movedKeys() {
    Set<String> moved = new java.util.TreeSet<>();
    for (int i = 0; i < 200; i++) {
      if (router.decide(RoutingKey.named("key " + i)).side() == Side.SERVICE) {
        moved.add("key " + i);
      }
    }
    return moved;
  }

  private int keysMoved() {
    return movedKeys().size();
  }

  private Lsn lsn() {
    return Lsn.parse(shared.queryOne("select pg_current_wal_insert_lsn()::text"));
  }

  /** Says that the stream has applied all there is. */
  private void streamed() {
    service.execute(
        "update ficus.stream set position = '" + lsn() + "', position_at = clock_timestamp()");
  }

  private long counted(Counter counter) {
    return routes.counters(GROUP).value(counter);
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + LONG.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
      LockSupport.parkNanos(1_000_000);
    }
  }
}
