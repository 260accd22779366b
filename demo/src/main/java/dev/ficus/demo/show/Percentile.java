package dev.ficus.demo.show;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;

/** Order statistics of durations. */
final class Percentile {

  private Percentile() {}

  /** The median, the lower one of two; zero of none. */
  static Duration median(List<Duration> durations) {
    return durations.isEmpty()
        ? Duration.ZERO
        : durations.stream().sorted().toList().get((durations.size() - 1) / 2);
  }

  /** The longest; zero of none. */
  static Duration longest(List<Duration> durations) {
    return durations.stream().max(Comparator.naturalOrder()).orElse(Duration.ZERO);
  }
}
