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
 * @param unit what the medians count
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

  /** Which figures are the better ones. */
  public enum Better {
    MORE,
    LESS
  }

  public Report {
    settings = Map.copyOf(settings);
    median = Map.copyOf(median);
    ratios = Map.copyOf(ratios);
  }

  /**
   * Makes a report of raw figures, where every contender but {@code ficus…} is a peer of {@code
   * ficus}.
   */
  public static Report of(
      String benchmark,
      Map<String, String> settings,
      Map<String, List<Double>> figures,
      String unit) {
    return of(benchmark, settings, figures, unit, Better.MORE);
  }

  /** As above, for figures of which less may be better. */
  public static Report of(
      String benchmark,
      Map<String, String> settings,
      Map<String, List<Double>> figures,
      String unit,
      Better better) {
    Map<String, Double> median = new TreeMap<>();
    figures.forEach((contender, runs) -> median.put(contender, median(runs)));
    Map<String, Double> ratios = new TreeMap<>();
    double ficus = median.getOrDefault("ficus", Double.NaN);
    median.forEach(
        (contender, figure) -> {
          if (!contender.equals("ficus")) {
            ratios.put(contender, better == Better.MORE ? ficus / figure : figure / ficus);
          }
        });
    return new Report(
        benchmark, settings, figures.values().iterator().next().size(), median, unit, ratios, null);
  }

  /** This report with the peak of the memory that Ficus's process had resident. */
  public Report withResidentMiB(double peak) {
    return new Report(benchmark, settings, runs, median, unit, ratios, peak);
  }

  /** The middle of some figures, or the mean of the two in the middle. */
  public static double median(List<Double> figures) {
    List<Double> sorted = figures.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }
}
