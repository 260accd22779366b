package dev.ficus.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class FicusPropertiesTest {

  private static final Map<String, String> GOOD =
      Map.of(
          "ficus.service", "orders",
          "ficus.target.url", "jdbc:postgresql://localhost/orders",
          "ficus.target.username", "me",
          "ficus.target.password", "hidden",
          "ficus.groups.orders.tables", "orders,order_items",
          "ficus.groups.orders.routing-key", "tenant");

  @Test
  void shouldHaveDefaultsForAllButTheDatabaseAndTheTables() {
    FicusProperties properties = bind(GOOD);

    assertThat(properties.undeclared()).isEqualTo(Undeclared.SHARED);
    assertThat(properties.fenceWait()).isEqualTo(Duration.ofSeconds(10));
    assertThat(properties.groups().get("orders"))
        .isEqualTo(
            new FicusProperties.Group(
                java.util.List.of("orders", "order_items"), "tenant", Duration.ofMillis(50)));
    assertThat(properties.toString()).doesNotContain("hidden");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ficus.service                           | Orders!        | ficus.service: 'Orders!' is not a name
          ficus.service                           |                | ficus.service
          ficus.target.url                        | jdbc:mysql:x/y | ficus.target.url is not a PostgreSQL JDBC URL
          ficus.target.url                        |                | ficus.target.url is missing
          ficus.target.username                   |                | ficus.target.username is missing
          ficus.target.maximum-pool-size          | 0              | ficus.target.maximum-pool-size is 0
          ficus.target.connection-timeout         | 1ms            | set it to at least 250 ms
          ficus.target.socket-timeout             | -1s            | ficus.target.socket-timeout is -1000 ms
          ficus.groups.orders.tables              |                | ficus.groups.orders.tables is missing
          ficus.groups.orders.read-your-writes    | -1ms           | ficus.groups.orders.read-your-writes is -1 ms
          ficus.fence-wait                        | -1s            | ficus.fence-wait is -1000 ms
          ficus.staleness                         | 1ms            | set it to at least 10 ms
          ficus.start-wait                        | -1s            | ficus.start-wait is -1000 ms
          ficus.poll                              | 0              | ficus.poll is 0 ms
          ficus.dual-write.threads                | 0              | ficus.dual-write.threads is 0
          ficus.dual-write.queue                  | 0              | ficus.dual-write.queue is 0
          ficus.dual-write.patience               | -1ms           | ficus.dual-write.patience is -1 ms
          ficus.dual-write.timeout                | 0              | ficus.dual-write.timeout is 0 ms
          ficus.shadow.threads                    | 0              | ficus.shadow.threads is 0
          ficus.shadow.queue                      | 0              | ficus.shadow.queue is 0
          ficus.shadow.attempts                   | 1              | ficus.shadow.attempts is 1
          ficus.shadow.catch-up                   | -1s            | ficus.shadow.catch-up is -1000 ms
          ficus.undeclared                        | elsewhere      | ficus.undeclared
          """)
  void shouldNameTheFieldTheValueAndTheBound(String property, String value, String error) {
    Map<String, String> bad = new HashMap<>(GOOD);
    if (value == null) {
      bad.remove(property);
    } else {
      bad.put(property, value);
    }

    assertThatThrownBy(() -> bind(bad))
        .satisfies(
            failure -> {
              StringBuilder all = new StringBuilder();
              for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
                all.append(cause).append('\n');
              }
              assertThat(all.toString()).contains(error).doesNotContain("hidden");
            });
  }

  private static FicusProperties bind(Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties))
        .bind("ficus", FicusProperties.class)
        .get();
  }
}
