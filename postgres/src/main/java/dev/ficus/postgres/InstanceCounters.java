package dev.ficus.postgres;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * What one instance of a service has counted for one group since it started; safe for many threads.
 */
public final class InstanceCounters {

  private final Map<Counter, LongAdder> adders = new EnumMap<>(Counter.class);
  private final AtomicLong fenceWaitMaxMillis = new AtomicLong();

  public InstanceCounters() {
    for (Counter counter : Counter.values()) {
      adders.put(counter, new LongAdder());
    }
  }

  /** Counts one. */
  public void count(Counter counter) {
    Objects.requireNonNull(adders.get(counter)).increment();
  }

  /** Counts a write that waited at the fence, and for how long. */
  public void fenceWaited(Duration time) {
    count(Counter.FENCE_WAITS);
    fenceWaitMaxMillis.accumulateAndGet(time.toMillis(), Math::max);
  }

  /** What has been counted so far. */
  public long value(Counter counter) {
    return Objects.requireNonNull(adders.get(counter)).sum();
  }

  /** The longest wait at the fence. */
  public Duration longestFenceWait() {
    return Duration.ofMillis(fenceWaitMaxMillis.get());
  }
}
