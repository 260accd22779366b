package dev.ficus.benchmarks;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a benchmark measured.
 *
 * @param benchmark its name
 * @param settings what the figures hold for: durability, sizes, versions
 * @param runs how many runs each figure is the median of
 * @param median the median of each contender, in {@code unit}
 * @param unit what the medians count; more is better
 * @param ratios how many times as good as the peer Ficus is; above 1: better
 * @param residentMiB the most memory that the process with Ficus's part in it had, where that was
 *     measured
 */
public record Report(
    String benchmark,
    Map<String, String> settings,
    int runs,
    Map<String, Double> median,
    String unit,
    Map<String, Double> ratios,
    @Nullable Double residentMiB) {

  public Report {
    settings = Map.copyOf(settings);
    median = Map.copyOf(median);
    ratios = Map.copyOf(ratios);
  }

  /**
   * Makes a report of raw figures, where every contender but {@code ficus…} is a peer of {@code
   * ficus}.
   */
  static Report of(
      String benchmark,
      Map<String, String> settings,
      Map<String, List<Double>> figures,
      String unit) {
    Map<String, Double> median = new TreeMap<>();
    figures.forEach((contender, runs) -> median.put(contender, median(runs)));
    Map<String, Double> ratios = new TreeMap<>();
    double ficus = median.getOrDefault("ficus", Double.NaN);
    median.forEach(
        (contender, figure) -> {
          if (!contender.equals("ficus")) {
            ratios.put(contender, ficus / figure);
          }
        });
    return new Report(
        benchmark, settings, figures.values().iterator().next().size(), median, unit, ratios, null);
  }

  /** This report with the peak of the memory that Ficus's process had resident. */
  Report withResidentMiB(double peak) {
    return new Report(benchmark, settings, runs, median, unit, ratios, peak);
  }

  private static double median(List<Double> figures) {
    List<Double> sorted = figures.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }
}
