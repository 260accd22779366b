package dev.ficus.benchmarks;

/** One question of cost. */
public interface Benchmark {

  /**
   * Measures Ficus and its peers alternately.
   *
   * @param runs how often each is measured
   */
  Report run(int runs) throws Exception;
}
