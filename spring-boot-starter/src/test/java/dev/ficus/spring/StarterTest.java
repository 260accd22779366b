package dev.ficus.spring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Phase;
import dev.ficus.postgres.RouteWatcher;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

class StarterTest {

  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  static class App {
    @Bean
    Shop shop(JdbcClient jdbc) {
      return new Shop(jdbc);
    }
  }

  @Test
  void shouldFollowTheGroupThroughItsPhases() {
    try (TwoSides sides = new TwoSides();
        ConfigurableApplicationContext context = start(sides)) {
      Shop shop = context.getBean(Shop.class);
      shop.place("anna", 1, "9.50");
      assertThat(sides.service.query("select id from orders")).isEmpty();

      sides.phase(Phase.DUAL_WRITING, 0, 0);
      awaitPhase(context, Phase.DUAL_WRITING);
      assertThat(shop.find("anna", 1)).isPresent();
      shop.place("anna", 2, "9.50");
      shop.place("anna", 3, "9.50");
      assertThat(sides.service.query("select id from orders")).containsAnyOf("2", "3");
      sides.catchUp();
      sides.phase(Phase.READS_MOVED, 100, 0);
      awaitPhase(context, Phase.READS_MOVED);
      assertThat(shop.find("anna", 1)).isPresent();
      String service = sides.service.queryOne("select current_database()");
      await(() -> shop.side("anna").equals(service));
      assertThat(shop.find("anna", 1)).isPresent();
    }
  }

  private static void awaitPhase(ConfigurableApplicationContext context, Phase phase) {
    RouteWatcher routes = context.getBean(ServiceRouting.class).routes();
    await(() -> routes.route(TwoSides.GROUP).phase() == phase);
  }

  /** Waits at most ten seconds for what must come about by itself. */
  static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
      LockSupport.parkNanos(1_000_000);
    }
  }

  static ConfigurableApplicationContext start(TwoSides sides) {
    return new SpringApplicationBuilder(App.class)
        .web(WebApplicationType.NONE)
        .properties(
            "spring.datasource.url=" + sides.shared.address().url(),
            "spring.datasource.username=postgres",
            "spring.flyway.enabled=false",
            "spring.jpa.open-in-view=false",
            "ficus.service=orders",
            "ficus.dual-write.patience=5s",
            "logging.level.root=WARN",
            "logging.level.dev.ficus=DEBUG",
            "ficus.target.url=" + sides.service.address().url(),
            "ficus.target.username=postgres",
            "ficus.groups.orders.tables=orders",
            "ficus.groups.orders.routing-key=customer")
        .run();
  }
}
