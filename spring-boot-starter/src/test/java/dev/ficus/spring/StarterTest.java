package dev.ficus.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.core.Route;
import dev.ficus.core.Side;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Counter;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.FenceState;
import dev.ficus.postgres.InstanceCounters;
import dev.ficus.postgres.RouteWatcher;
import dev.ficus.testkit.Rule;
import jakarta.persistence.EntityManager;
import jakarta.persistence.EntityManagerFactory;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.aopalliance.intercept.MethodInterceptor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.aop.interceptor.ExposeInvocationInterceptor;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.orm.jpa.EntityManagerHolder;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.interceptor.BeanFactoryTransactionAttributeSourceAdvisor;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

class StarterTest {

  private TwoSides sides;
  private ConfigurableApplicationContext context;
  private Shop shop;
  private JpaShop jpa;

  @BeforeEach
  void start() {
    sides = new TwoSides();
    context = App.start(sides);
    shop = context.getBean(Shop.class);
    jpa = context.getBean(JpaShop.class);
  }

  @AfterEach
  void stop() {
    context.close();
    sides.close();
  }

  @Rule("R9")
  @Test
  void shouldDualWriteWhatJdbcClientAndHibernateWrite() {
    dualWriting();

    shop.place(order(1));
    jpa.place("bert", 2, 3, 4);
    jpa.reprice("bert", 3, "7.25");
    assertThat(
            sides.service.query(
                "select row(id, customer, amount, label)::text from orders order by id"))
        .containsExactly(
            "(1,anna,9.50,#1)", "(2,bert,1.00,#2)", "(3,bert,7.25,#3)", "(4,bert,1.00,#4)");

    jpa.cancel("bert");
    assertThat(sides.service.query("select id from orders")).containsExactly("1");
    assertThat(sides.service.query("select row_key from ficus.guard where deleted order by 1"))
        .containsExactly("[2]", "[3]", "[4]");
  }

  @Test
  void shouldWriteNothingElsewhereWhenSpringRollsBack() {
    dualWriting();

    assertThatThrownBy(
            () ->
                shop.writeThen(
                    "anna",
                    () -> {
                      shop.place(order(1));
                      throw new IllegalStateException("changed my mind");
                    }))
        .hasMessage("changed my mind");

    assertThat(sides.shared.query("select id from orders")).isEmpty();
    assertThat(sides.service.query("select id from orders")).isEmpty();
  }

  @Test
  void shouldReadWhereTheRouteSaysWithJdbcClientAndHibernate() {
    dualWriting();
    shop.place(order(1));
    sides.catchUp();
    sides.service.execute("set session_replication_role = replica; update orders set amount = 666");
    assertThat(amounts()).isEqualTo("9.50 9.50");

    phase(Phase.READS_MOVED, 100, 0);
    await(() -> shop.side("anna").equals(database(sides.service)));
    assertThat(amounts()).isEqualTo("666.00 666.00");

    Route killed =
        new Route(
            TwoSides.GROUP, sides.nextVersion(), Phase.READS_MOVED, Epoch.FIRST, 100, 0, true);
    sides.publish(killed);
    await(() -> routes().route(TwoSides.GROUP).equals(killed));
    assertThat(amounts()).isEqualTo("9.50 9.50");
  }

  private String amounts() {
    return shop.find("anna", 1).orElseThrow().amount() + " " + jpa.of("anna").get(0).amount();
  }

  @Test
  void shouldReadItsOwnWriteOfTheSameKeyEvenThoughTheStreamIsBehind() {
    phase(Phase.READS_MOVED, 100, 0);
    sides.heartbeat();
    await(() -> shop.side("bert").equals(database(sides.service)));
    assertThat(shop.side("anna")).isEqualTo(database(sides.service));

    shop.place(order(1));

    assertThat(shop.find("anna", 1)).isPresent();
    assertThat(shop.side("anna")).isEqualTo(database(sides.shared));
    assertThat(shop.side("bert")).isEqualTo(database(sides.service));
    try (FicusRouting.Scope scope = context.getBean(FicusRouting.class).withKey("anna")) {
      assertThat(scope).isNotNull();
      assertThat(shop.side("bert")).isEqualTo(database(sides.shared));
    }
    assertThat(counters().value(Counter.READS_FALLEN_BACK)).isGreaterThanOrEqualTo(3);

    sides.catchUp();
    await(() -> shop.side("anna").equals(database(sides.service)));
    assertThat(shop.find("anna", 1)).isPresent();
  }

  @Rule("R16")
  @Test
  void shouldWaitAtTheClosedFenceAndWriteOnTheNewSide() throws Exception {
    dualWriting();
    sides.closeShared();
    CompletableFuture<String> jdbc =
        CompletableFuture.supplyAsync(() -> shop.placeAndTellSide(order(1)), StarterTest::onThread);
    CompletableFuture<Void> hibernate =
        CompletableFuture.runAsync(() -> jpa.place("bert", 2), StarterTest::onThread);
    LockSupport.parkNanos(Duration.ofMillis(300).toNanos());
    assertThat(jdbc).isNotDone();
    assertThat(hibernate).isNotDone();

    sides.openService();

    assertThat(jdbc.get(10, TimeUnit.SECONDS)).isEqualTo(database(sides.service));
    hibernate.get(10, TimeUnit.SECONDS);
    assertThat(sides.service.query("select id from orders order by id")).containsExactly("1", "2");
    assertThat(sides.shared.query("select id from orders")).isEmpty();
    assertThat(shop.side("anna")).isEqualTo(database(sides.service));
    assertThat(counters().value(Counter.FENCE_WAITS)).isEqualTo(2);
    await(
        () ->
            sides
                .service
                .queryOne(
                    "select fence_waits || ' ' || (fence_wait_max_ms >= 200) from ficus.instance where group_name = 'orders'")
                .equals("2 true"));
  }

  @Rule("R16")
  @Test
  void shouldFailAWriteOnlyAfterItsBudget() {
    sides.closeShared();

    assertThatThrownBy(() -> shop.place(order(1)))
        .hasMessageContaining("waited")
        .hasMessageContaining("it has not happened");
    assertThatThrownBy(() -> jpa.place("bert", 2)).hasMessageContaining("it has not happened");
  }

  @Test
  void shouldAnswerFromTheWriteSideWhileTheServiceDatabaseIsDown() {
    dualWriting();
    shop.place(order(1));
    sides.catchUp();
    phase(Phase.READS_MOVED, 100, 0);
    await(() -> shop.side("anna").equals(database(sides.service)));
    long before = counters().value(Counter.READS_FALLEN_BACK);

    sides.serviceUp(false);

    assertThat(shop.find("anna", 1)).isPresent();
    assertThat(jpa.of("anna")).hasSize(1);
    assertThat(counters().value(Counter.READS_FALLEN_BACK)).isGreaterThanOrEqualTo(before + 2);
    // Writes are left to the stream, and do not fail.
    shop.place(order(2));
    assertThat(counters().value(Counter.DUAL_WRITES_LEFT)).isPositive();

    sides.serviceUp(true);
    sides.catchUp();
    await(() -> shop.side("anna").equals(database(sides.service)));
  }

  @Test
  void shouldCompareSampledReadsOnBothSides() {
    phase(Phase.READS_SHADOWED, 0, 100);
    shop.place(order(1));
    sides.catchUp();
    for (int i = 0; i < 5; i++) {
      assertThat(shop.find("anna", 1)).isPresent();
      assertThat(jpa.of("anna")).hasSize(1);
    }
    await(
        () -> {
          // The server writes WAL of its own: only a stream that goes on reaches a freshness LSN.
          sides.heartbeat();
          return counters().value(Counter.SHADOW_COMPARED) == 10;
        });
    assertThat(counters().value(Counter.SHADOW_MISMATCHES)).isZero();

    sides.service.execute("set session_replication_role = replica; update orders set amount = 1");
    assertThat(shop.find("anna", 1)).isPresent();
    await(
        () -> {
          sides.heartbeat();
          return counters().value(Counter.SHADOW_MISMATCHES) == 1;
        });
  }

  /** What aspects and scopes of a request expect on their thread. */
  @Test
  void shouldCarryARequestsContextToTheThreadThatCompares() {
    ProxyFactory proxied = new ProxyFactory(new Shop(context.getBean(JdbcClient.class)));
    proxied.setProxyTargetClass(true);
    proxied.addAdvisor(ExposeInvocationInterceptor.ADVISOR);
    proxied.addAdvisor(context.getBean(DeclaredAdvisor.class));
    proxied.addAdvisor(context.getBean(BeanFactoryTransactionAttributeSourceAdvisor.class));
    proxied.addAdvice(
        (MethodInterceptor)
            invocation -> {
              // As AspectJ's advice does.
              ExposeInvocationInterceptor.currentInvocation();
              return App.TENANT.get() == null ? Optional.empty() : invocation.proceed();
            });
    Shop aspects = (Shop) proxied.getProxy();
    phase(Phase.READS_SHADOWED, 0, 100);
    shop.place(order(1));
    sides.catchUp();
    sides.service.execute("set session_replication_role = replica; update orders set amount = 1");
    App.TENANT.set("anna");
    try {
      assertThat(aspects.find("anna", 1)).isPresent();
    } finally {
      App.TENANT.remove();
    }

    await(
        () -> {
          sides.heartbeat();
          return counters().value(Counter.SHADOW_COMPARED)
                  + counters().value(Counter.SHADOW_UNRESOLVED)
              == 1;
        });
    assertThat(counters().value(Counter.SHADOW_MISMATCHES)).isEqualTo(1);
  }

  @Rule("R16")
  @Test
  void shouldNotRepeatAWriteOfWhichAPartHasCommitted() {
    TransactionTemplate hook =
        new TransactionTemplate(context.getBean(PlatformTransactionManager.class));
    hook.setPropagationBehavior(TransactionDefinition.PROPAGATION_REQUIRES_NEW);
    JdbcClient jdbc = context.getBean(JdbcClient.class);
    AtomicInteger runs = new AtomicInteger();
    assertThatThrownBy(
            () ->
                shop.writeThen(
                    "anna",
                    () -> {
                      shop.place(order(runs.incrementAndGet()));
                      afterCommit(
                          () -> {
                            sides.closeShared();
                            onThread(
                                () -> {
                                  LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
                                  sides.openShared();
                                });
                            hook.executeWithoutResult(
                                status -> jdbc.sql("update orders set amount = 1").update());
                          });
                    }))
        .hasMessageContaining("part of it has committed")
        .hasStackTraceContaining("FI001");

    assertThat(runs).hasValue(1);
    assertThat(sides.shared.query("select id from orders")).containsExactly("1");
  }

  @Rule("R16")
  @Test
  void shouldNotWaitAtAnotherGroupsFence() {
    sides.shared.execute("create table users (id int primary key)");
    new Fence(sides.sharedSide, new GroupName("users"))
        .install(
            List.of(TableName.parse("users")),
            FenceState.SEALED,
            Epoch.FIRST,
            Duration.ofSeconds(5));
    AtomicInteger runs = new AtomicInteger();

    assertThatThrownBy(
            () ->
                shop.writeThen(
                    "anna",
                    () -> {
                      shop.place(order(runs.incrementAndGet()));
                      context
                          .getBean(JdbcClient.class)
                          .sql("insert into users values (1)")
                          .update();
                    }))
        .hasMessageContaining("a write of group orders")
        .hasMessageContaining("group users")
        .hasMessageContaining("next: ");

    assertThat(runs).hasValue(1);
    assertThat(sides.shared.query("select id from orders")).isEmpty();
  }

  @Test
  void shouldLetAnotherGroupsTransactionFollowTheCommit() {
    FicusRouting routing = context.getBean(FicusRouting.class);
    shop.writeThen(
        "anna",
        () -> {
          shop.place(order(1));
          afterCommit(
              () -> {
                shop.writeUsersAlone("anna");
                assertThat(routing.side()).as("the rest of the first").contains(Side.SHARED);
                refused(() -> shop.place(order(2)), "REQUIRES_NEW");
              });
        });

    assertThat(routing.side()).isEmpty();
    assertThat(sides.shared.query("select id from orders")).containsExactly("1");
  }

  private static void afterCommit(Runnable work) {
    TransactionSynchronizationManager.registerSynchronization(
        new TransactionSynchronization() {
          @Override
          public void afterCommit() {
            work.run();
          }
        });
  }

  @Test
  void shouldTellTheCodeItsSideAndJoinInnerDeclarationsOfTheSameGroup() {
    FicusRouting routing = context.getBean(FicusRouting.class);
    assertThat(routing.side()).isEmpty();

    shop.writeThen(
        "anna",
        () -> {
          assertThat(routing.side()).contains(Side.SHARED);
          shop.place(order(1));
          assertThat(shop.find("anna", 1)).as("sees the transaction's own write").isPresent();
        });

    assertThat(routing.side()).isEmpty();
    assertThat(shop.find("anna", 1)).isPresent();
  }

  @Test
  void shouldRefuseWhatCannotBeRoutedSafelyAtItsFirstUse() {
    refused(
        () -> shop.readThen("anna", () -> shop.place(order(1))),
        "writes but was called inside a declared read");
    refused(
        () -> shop.writeThen("anna", () -> shop.writeUsers("anna")),
        "no transaction can span two groups");
    refused(
        () -> shop.writeThen("anna", () -> shop.readUsers("anna")),
        "no transaction can span two groups");
    refused(() -> shop.readInAWritingTransaction("anna"), "in a transaction that is not read-only");
    refused(() -> shop.readWithoutATransaction("anna"), "ran a statement outside a transaction");
    refused(() -> shop.writeWithoutATransaction("anna"), "opens no transaction of its own");
    refused(() -> shop.readByAnOpaqueKey(new Shop.Opaque()), "has no stable text");
    refused(() -> shop.readAnUnknownGroup("anna"), "not configured for this service");
    assertThatThrownBy(() -> shop.readOpaque("anna"))
        .hasMessageContaining("does not define equals");
    assertThatThrownBy(() -> shop.writeInARead("anna"))
        .hasStackTraceContaining("cannot execute DELETE in a read-only transaction");
    TransactionTemplate undeclared =
        new TransactionTemplate(context.getBean(PlatformTransactionManager.class));
    refused(
        () -> undeclared.executeWithoutResult(status -> shop.place(order(1))),
        "inside a transaction that was not routed");
    assertThat(sides.shared.query("select id from orders")).isEmpty();
  }

  /** What spring.jpa.open-in-view does around a request. */
  @Test
  void shouldRefuseASessionThatCarriesItsConnectionFromOneTransactionIntoTheNext() {
    EntityManagerFactory factory = context.getBean(EntityManagerFactory.class);
    EntityManager session = factory.createEntityManager();
    TransactionSynchronizationManager.bindResource(factory, new EntityManagerHolder(session));
    try {
      assertThat(jpa.of("anna")).isEmpty();
      refused(() -> jpa.place("anna", 1), "spring.jpa.open-in-view=false");
    } finally {
      TransactionSynchronizationManager.unbindResource(factory);
      session.close();
    }
    assertThat(sides.shared.query("select id from orders")).isEmpty();
    jpa.place("anna", 1);
  }

  @Test
  void shouldSendUndeclaredConnectionsToTheSharedDatabase() {
    JdbcClient jdbc = context.getBean(JdbcClient.class);

    assertThat(jdbc.sql("select current_database()").query(String.class).single())
        .isEqualTo(database(sides.shared));
  }

  private static void refused(Runnable use, String why) {
    assertThatThrownBy(use::run)
        .hasStackTraceContaining(StarterException.class.getName())
        .hasStackTraceContaining(why)
        .hasStackTraceContaining("next: ");
  }

  private static void onThread(Runnable task) {
    new Thread(task).start();
  }

  private static Shop.NewOrder order(long id) {
    return new Shop.NewOrder(id, "anna", "9.50");
  }

  private static String database(dev.ficus.testkit.TestDatabase side) {
    return side.address().url().substring(side.address().url().lastIndexOf('/') + 1);
  }

  /** Goes to DUAL_WRITING and waits until dual writes arrive. */
  private void dualWriting() {
    phase(Phase.DUAL_WRITING, 0, 0);
    await(
        () -> {
          jpa.place("probe", 99);
          jpa.cancel("probe");
          return counters().value(Counter.DUAL_WRITES) >= 2;
        });
    sides.service.execute("delete from ficus.guard");
  }

  private void phase(Phase phase, int reads, int shadow) {
    sides.phase(phase, reads, shadow);
    await(() -> routes().route(TwoSides.GROUP).phase() == phase);
  }

  private RouteWatcher routes() {
    return context.getBean(ServiceRouting.class).routes();
  }

  private InstanceCounters counters() {
    return routes().counters(TwoSides.GROUP);
  }

  /** Waits at most half a minute for what must come about by itself. */
  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
      LockSupport.parkNanos(1_000_000);
    }
  }
}
