package dev.ficus.spring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Phase;
import dev.ficus.core.Route;
import dev.ficus.postgres.RouteWatcher;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.search.RequiredSearch;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;

class FicusMetersTest {

  private final TwoSides sides = new TwoSides();

  @AfterEach
  void drop() {
    sides.close();
  }

  @Test
  void shouldGiveItsMetersToTheServicesRegistry() {
    try (ConfigurableApplicationContext context = App.start(sides)) {
      MeterRegistry registry = context.getBean(MeterRegistry.class);
      Shop shop = context.getBean(Shop.class);
      shop.place(new Shop.NewOrder(1, "anna", "9.50"));
      shop.find("anna", 1);
      assertThat(reads(registry, "shared")).isEqualTo(1);
      assertThat(reads(registry, "service")).isZero();
      sides.catchUp();
      sides.phase(Phase.READS_MOVING, 100, 0);
      RouteWatcher routes = context.getBean(ServiceRouting.class).routes();
      Route before = routes.route(TwoSides.GROUP);
      if (before.phase() != Phase.READS_MOVING) {
        assertThat(routes.awaitNewer(before, Duration.ofSeconds(30))).isPresent();
      }
      // It falls back until the stream's position has been seen.
      long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
      while (reads(registry, "service") == 0 && System.nanoTime() < deadline) {
        shop.find("bert", 1);
      }

      assertThat(reads(registry, "service")).isEqualTo(1);
      assertThat(orders(registry, "ficus.reads.fallen.back").functionCounter().count())
          .isEqualTo(reads(registry, "shared") - 1);
      assertThat(orders(registry, "ficus.route.read.percentage").gauge().value()).isEqualTo(100);
      assertThat(orders(registry, "ficus.route.phase").tag("phase", "reads_moving").gauge().value())
          .isEqualTo(1);
      assertThat(orders(registry, "ficus.route.phase").tag("phase", "shared").gauge().value())
          .isZero();
      assertThat(registry.get("ficus.route.version").tag("group", "users").gauge().value())
          .isEqualTo(1);
    }
  }

  private static RequiredSearch orders(MeterRegistry registry, String name) {
    return registry.get(name).tag("group", "orders");
  }

  private static double reads(MeterRegistry registry, String side) {
    return orders(registry, "ficus.reads").tag("side", side).functionCounter().count();
  }
}
