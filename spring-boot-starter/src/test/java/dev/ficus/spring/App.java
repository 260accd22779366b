package dev.ficus.spring;

import jakarta.persistence.EntityManager;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.TaskDecorator;
import org.springframework.jdbc.core.simple.JdbcClient;

/** A service with JdbcClient, Spring Data JPA and Flyway. */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
class App {

  @Bean
  Shop shop(JdbcClient jdbc) {
    return new Shop(jdbc);
  }

  /** What a request leaves on its thread. */
  static final ThreadLocal<String> TENANT = new ThreadLocal<>();

  @Bean
  TaskDecorator tenantCarrier() {
    return task -> {
      String tenant = TENANT.get();
      return () -> {
        TENANT.set(tenant);
        try {
          task.run();
        } finally {
          TENANT.remove();
        }
      };
    };
  }

  @Bean
  JpaShop jpaShop(OrderRepository orders, EntityManager entities) {
    return new JpaShop(orders, entities);
  }

  static ConfigurableApplicationContext start(TwoSides sides, String... more) {
    Map<String, String> properties = new LinkedHashMap<>();
    properties.put("spring.main.banner-mode", "off");
    properties.put("spring.datasource.url", sides.shared.address().url());
    properties.put("spring.datasource.username", sides.shared.address().user());
    properties.put("spring.datasource.password", sides.shared.address().password().reveal());
    properties.put("spring.flyway.enabled", "false");
    properties.put("ficus.service", "orders");
    properties.put("ficus.target.url", sides.service.address().url());
    properties.put("ficus.target.username", sides.service.address().user());
    properties.put("ficus.target.password", sides.service.address().password().reveal());
    properties.put("ficus.target.connection-timeout", "500ms");
    properties.put("ficus.groups.orders.tables", "orders");
    properties.put("ficus.groups.orders.routing-key", "customer");
    properties.put("ficus.groups.users.tables", "users");
    properties.put("ficus.poll", "200ms");
    // Nobody streams in these tests but now and then.
    properties.put("ficus.staleness", "60s");
    properties.put("ficus.fence-wait", "2s");
    properties.put("ficus.dual-write.patience", "5s");
    properties.put("logging.level.root", "WARN");
    for (String property : more) {
      String[] parts = property.split("=", 2);
      properties.put(parts[0], parts[1]);
    }
    // As arguments: they go before what the builder's defaults would set.
    return new SpringApplicationBuilder(App.class)
        .web(WebApplicationType.NONE)
        .run(
            properties.entrySet().stream()
                .map(property -> "--" + property.getKey() + "=" + property.getValue())
                .toArray(String[]::new));
  }
}
