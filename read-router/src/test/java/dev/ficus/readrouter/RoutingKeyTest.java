package dev.ficus.readrouter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.GroupName;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RoutingKeyTest {

  private static final GroupName ORDERS = new GroupName("orders");
  private static final GroupName USERS = new GroupName("users");

  @Test
  void shouldKeepItsBucketForEver() {
    // Fixed numbers, worked out by other code: a change here would move every key of every running
    // rollout.
    assertThat(RoutingKey.named("42").bucket(ORDERS)).isEqualTo(BUCKET_OF_42);
    assertThat(RoutingKey.named("Łódź").bucket(ORDERS)).isEqualTo(BUCKET_OF_LODZ);
  }

  private static final int BUCKET_OF_42 = 6535;
  private static final int BUCKET_OF_LODZ = 1353;

  @Test
  void shouldNeverMoveBackAKeyAsThePercentageRises() {
    for (int i = 0; i < 2_000; i++) {
      RoutingKey key = RoutingKey.named("key " + i);
      boolean moved = false;
      for (int percentage = 0; percentage <= 100; percentage++) {
        boolean now = key.isWithin(ORDERS, percentage);
        assertThat(moved && !now).as("moved back at %s %%", percentage).isFalse();
        moved = now;
      }
      assertThat(key.isWithin(ORDERS, 0)).isFalse();
      assertThat(key.isWithin(ORDERS, 100)).isTrue();
    }
  }

  @Test
  void shouldMoveAboutAsManyKeysAsAsked() {
    for (int percentage : new int[] {1, 10, 50, 90}) {
      long moved =
          IntStream.range(0, 100_000)
              .filter(i -> RoutingKey.named(Integer.toString(i)).isWithin(ORDERS, percentage))
              .count();
      assertThat(moved / 1_000.0).isBetween(percentage - 0.5, percentage + 0.5);
    }
  }

  @Test
  void shouldMoveOtherKeysFirstInAnotherGroup() {
    long both =
        IntStream.range(0, 10_000)
            .mapToObj(i -> RoutingKey.named(Integer.toString(i)))
            .filter(key -> key.isWithin(ORDERS, 10) && key.isWithin(USERS, 10))
            .count();

    assertThat(both).isBetween(50L, 150L);
  }

  @Test
  void shouldNotPrintItsText() {
    assertThat(RoutingKey.named("secret")).hasToString("named key");
  }
}
