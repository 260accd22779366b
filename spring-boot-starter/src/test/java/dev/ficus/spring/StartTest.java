package dev.ficus.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.GroupName;
import dev.ficus.core.Side;
import dev.ficus.core.TableName;
import dev.ficus.testkit.Rule;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

class StartTest {

  private final TwoSides sides = new TwoSides();

  @AfterEach
  void drop() {
    sides.close();
  }

  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  static class WithoutFicus {
    @Bean
    Shop shop(JdbcClient jdbc) {
      return new Shop(jdbc);
    }
  }

  @Test
  void shouldDoNothingWithoutAService() {
    try (ConfigurableApplicationContext context =
        new SpringApplicationBuilder(WithoutFicus.class)
            .web(WebApplicationType.NONE)
            .run(
                "--spring.datasource.url=" + sides.shared.address().url(),
                "--spring.datasource.username=" + sides.shared.address().user(),
                "--spring.datasource.password=" + sides.shared.address().password().reveal(),
                "--spring.flyway.enabled=false",
                "--logging.level.root=WARN")) {
      assertThat(context.getBeanNamesForType(RoutingDataSource.class)).isEmpty();
      context.getBean(Shop.class).place(new Shop.NewOrder(1, "anna", "1"));
    }
  }

  @Test
  void shouldRefuseToStartOnAWrongSetting() {
    assertThatThrownBy(() -> App.start(sides, "ficus.target.maximum-pool-size=0").close())
        .hasStackTraceContaining("ficus.target.maximum-pool-size is 0");
    assertThatThrownBy(() -> App.start(sides, "ficus.fence-wiat=1s").close())
        .hasStackTraceContaining("ficus.fence-wiat");
    String shared = sides.shared.address().url() + "?ssl=false";
    assertThatThrownBy(() -> App.start(sides, "ficus.target.url=" + shared).close())
        .hasStackTraceContaining("ficus.target.url is the database of spring.datasource.url");
  }

  @Test
  void shouldTellWhereTheTablesAreNotThoseOfTheStream() throws Exception {
    Set<TableName> configured = Set.of(TableName.parse("orders"), TableName.parse("events"));
    try (TableCheck check =
        new TableCheck(
            Map.of(TwoSides.GROUP, configured), () -> sides.serviceSide.connect("tables"))) {
      assertThat(check.difference(TwoSides.GROUP))
          .hasValue("its stream does not carry [public.events] and carries [] besides");
      assertThat(check.difference(new GroupName("users"))).isEmpty();
    }
  }

  @Test
  void shouldStartAndServeWhileTheServiceDatabaseIsDown() {
    sides.serviceUp(false);
    try (ConfigurableApplicationContext context = App.start(sides)) {
      Shop shop = context.getBean(Shop.class);
      shop.place(new Shop.NewOrder(1, "anna", "9.50"));

      assertThat(shop.find("anna", 1)).isPresent();
    } finally {
      sides.serviceUp(true);
    }
  }

  @Test
  void shouldLetTheApplicationsMigrationsRunInTheSharedDatabase(@TempDir Path folder)
      throws Exception {
    Files.writeString(folder.resolve("V1__mine.sql"), "create table mine (id int)");

    try (ConfigurableApplicationContext context =
        App.start(
            sides,
            "spring.flyway.enabled=true",
            "spring.flyway.locations=filesystem:" + folder,
            "spring.flyway.baseline-on-migrate=true",
            "spring.flyway.baseline-version=0",
            "ficus.undeclared=service")) {
      assertThat(context.isActive()).isTrue();
      assertThat(
              context
                  .getBean(JdbcClient.class)
                  .sql("select count(*) from pg_tables where tablename = 'mine'")
                  .query(Long.class)
                  .single())
          .as("undeclared connections go to the service database")
          .isZero();
    }

    assertThat(sides.shared.query("select id from mine")).isEmpty();
    assertThat(sides.service.query("select 1 from pg_tables where tablename = 'mine'")).isEmpty();
  }

  @Test
  void shouldRefuseUndeclaredConnectionsWhereThatIsConfiguredOnceItHasStarted() throws Exception {
    try (ConfigurableApplicationContext context = App.start(sides, "ficus.undeclared=refuse")) {
      JdbcClient jdbc = context.getBean(JdbcClient.class);

      assertThatThrownBy(() -> jdbc.sql("select 1").query(Long.class).single())
          .hasStackTraceContaining("outside a declared transaction");
      assertHealthy(context);
      context.getBean(Shop.class).place(new Shop.NewOrder(1, "anna", "9.50"));
    }
  }

  @Test
  void shouldFollowTheWriteSideWithUndeclaredConnectionsWhereThatIsConfigured() throws Exception {
    try (ConfigurableApplicationContext context = App.start(sides, "ficus.undeclared=write-side")) {
      JdbcClient jdbc = context.getBean(JdbcClient.class);

      assertThat(jdbc.sql("select current_database()").query(String.class).single())
          .isEqualTo(sides.shared.queryOne("select current_database()"));

      // The group users stays.
      sides.openService();
      long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
      while (context.getBean(ServiceRouting.class).routes().route(TwoSides.GROUP).writeSide()
          == Side.SHARED) {
        assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
        LockSupport.parkNanos(1_000_000);
      }
      assertThatThrownBy(() -> jdbc.sql("select 1").query(Long.class).single())
          .hasStackTraceContaining("not all written on the same side");
      assertHealthy(context);
    }
  }

  /** What Spring Boot's health indicator asks. */
  private static void assertHealthy(ConfigurableApplicationContext context) throws SQLException {
    try (Connection connection = context.getBean(DataSource.class).getConnection()) {
      assertThat(connection.getMetaData().getDatabaseProductName()).isEqualTo("PostgreSQL");
      assertThat(connection.isValid(0)).isTrue();
    }
  }

  @Rule("R20")
  @Test
  void shouldNotWaitForEverForTheServiceDatabaseAndLeaveValuesOutOfItsErrors() throws Exception {
    sides.service.execute(
        "create table secrets (id text primary key); insert into secrets values ('hidden')");
    try (ConfigurableApplicationContext context =
            App.start(sides, "ficus.target.socket-timeout=1s");
        Connection connection = context.getBean(ServiceRouting.class).target().getConnection();
        Statement statement = connection.createStatement()) {
      assertThatThrownBy(() -> statement.execute("insert into secrets values ('hidden')"))
          .message()
          .contains("duplicate key")
          .doesNotContain("hidden");

      assertThatThrownBy(() -> statement.execute("select pg_sleep(10)"))
          .hasStackTraceContaining("Read timed out");
    }
  }
}
