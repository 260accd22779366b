package dev.ficus.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.ficus.core.Phase;
import dev.ficus.core.Route;
import dev.ficus.postgres.RouteWatcher;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;

class StrayTablesTest {

  private static final String WRITES = "Shop.writeThen, a declared write of group orders, writes ";

  private final TwoSides sides = new TwoSides();
  private final Logger logger = (Logger) LoggerFactory.getLogger(StrayTables.class);
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private ConfigurableApplicationContext context;
  private Shop shop;
  private JdbcClient jdbc;

  @BeforeEach
  void start() {
    sides.shared.execute(
        """
        create table customers (name text primary key);
        insert into customers values ('anna');
        alter table orders add foreign key (customer) references customers;
        create table products (id int primary key);
        create table outbox (id int, text text) partition by list (id);
        create table outbox_1 partition of outbox for values in (1);
        """);
    sides.service.execute("create table products (id int primary key)");
    context = App.start(sides);
    shop = context.getBean(Shop.class);
    jdbc = context.getBean(JdbcClient.class);
    // Only now: a Spring application's start takes appenders away.
    lines.start();
    logger.addAppender(lines);
  }

  @AfterEach
  void drop() {
    context.close();
    logger.detachAppender(lines);
    sides.close();
  }

  @Test
  void shouldTellWhatADeclaredWriteUsesThatWillNotBeThere() {
    Shop.Inner strays =
        () -> {
          jdbc.sql("insert into outbox values (1, 'placed')").update();
          jdbc.sql("select name from customers").query(String.class).list();
          jdbc.sql("select id from products").query(Integer.class).list();
        };

    shop.writeThen("anna", strays);
    shop.writeThen("anna", strays);
    awaitWarnings(WRITES + "public.outbox, which is not one of the group's tables: ");

    sides.phase(Phase.DUAL_WRITING, 0, 0);
    RouteWatcher routes = context.getBean(ServiceRouting.class).routes();
    Route before = routes.route(TwoSides.GROUP);
    if (before.phase() != Phase.DUAL_WRITING) {
      assertThat(routes.awaitNewer(before, Duration.ofSeconds(30))).isPresent();
    }
    shop.writeThen("anna", strays);
    // A foreign key's check is no use: of this there is nothing to tell.
    shop.place(new Shop.NewOrder(1, "anna", "9.50"));
    shop.writeThen("anna", () -> jdbc.sql("update products set id = 1").update());
    awaitWarnings(
        WRITES + "public.outbox, which is not one of the group's tables: ",
        "Shop.writeThen, a declared write of group orders, uses public.customers, which the service database lacks: ",
        WRITES + "public.products, which is not one of the group's tables: ");
    assertThat(sides.shared.queryOne("select count(*) from outbox")).isEqualTo("3");
    assertThat(sides.shared.queryOne("select count(*) from orders")).isEqualTo("1");
  }

  @Test
  void shouldTellWhatForeignKeysMayChangeAndWhichSequencesBelongToNobody() {
    sides.shared.execute(
        """
        create table notes (order_id bigint references orders on delete cascade, id serial);
        create sequence numbers;
        """);

    shop.place(new Shop.NewOrder(1, "anna", "9.50"));
    shop.writeThen("anna", () -> jdbc.sql("delete from orders").update());
    shop.writeThen(
        "anna",
        () -> {
          jdbc.sql("select nextval('numbers')").query(Long.class).single();
          jdbc.sql("select nextval('notes_id_seq')").query(Long.class).single();
        });

    awaitWarnings(
        WRITES
            + "public.notes, which is not one of the group's tables, or has a foreign key change it: ",
        "Shop.writeThen, a declared write of group orders, draws from sequence public.numbers, ");
  }

  @Test
  void shouldCommitAlthoughNothingCanBeSeen() {
    shop.writeThen(
        "anna",
        () -> {
          jdbc.sql("insert into outbox values (1, 'placed')").update();
          jdbc.sql("create temp view pg_locks as select 1 as x").update();
        });

    assertThat(sides.shared.queryOne("select count(*) from outbox")).isEqualTo("1");
    assertThat(warnings()).isEmpty();
  }

  @Test
  void shouldLeaveATransactionThatHasFailedAsItIs() {
    shop.writeThen(
        "anna",
        () -> {
          jdbc.sql("insert into outbox values (1, 'placed')").update();
          assertThatThrownBy(() -> jdbc.sql("select 1 / 0").query().singleValue())
              .isInstanceOf(DataAccessException.class);
        });

    // As without Ficus: the server makes a rollback of the commit, and the driver says nothing.
    assertThat(sides.shared.queryOne("select count(*) from outbox")).isEqualTo("0");
    assertThat(warnings()).isEmpty();
  }

  @Test
  void shouldTellWhyAConnectionWasLost() {
    assertThatThrownBy(
            () ->
                shop.writeThen(
                    "anna",
                    () -> {
                      int pid = jdbc.sql("select pg_backend_pid()").query(Integer.class).single();
                      sides.shared.query("select pg_terminate_backend(%d, 10000)".formatted(pid));
                    }))
        .hasStackTraceContaining("terminating connection due to administrator command");
  }

  private void awaitWarnings(String... beginnings) {
    long deadline = System.nanoTime() + 30_000_000_000L;
    while (warnings().size() < beginnings.length && System.nanoTime() < deadline) {
      LockSupport.parkNanos(1_000_000);
    }
    assertThat(warnings()).hasSameSizeAs(beginnings);
    for (int i = 0; i < beginnings.length; i++) {
      assertThat(warnings().get(i)).startsWith(beginnings[i]);
    }
  }

  private List<String> warnings() {
    return List.copyOf(lines.list).stream().map(ILoggingEvent::getFormattedMessage).toList();
  }
}
