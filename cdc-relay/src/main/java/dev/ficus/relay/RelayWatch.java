package dev.ficus.relay;

import dev.ficus.core.GroupName;
import dev.ficus.core.manifest.WalBudget;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.time.Duration;
import java.util.Map;

/**
 * How a relay's streams are watched.
 *
 * @param registry receives the meters, named {@code ficus.stream.…} and {@code ficus.slot.…}
 * @param walBudgets how much WAL the slots of each group's streams may hold back; none where absent
 * @param interval how often streams and their slots are looked at
 */
public record RelayWatch(
    MeterRegistry registry, Map<GroupName, WalBudget> walBudgets, Duration interval) {

  public RelayWatch {
    walBudgets = Map.copyOf(walBudgets);
    if (interval.toMillis() < 1) {
      throw new IllegalArgumentException("interval must be at least 1 ms: " + interval);
    }
  }

  /** Without meters and budgets; a lost slot is noticed within a second all the same. */
  public static RelayWatch plain() {
    return new RelayWatch(new CompositeMeterRegistry(), Map.of(), Duration.ofSeconds(1));
  }
}
