/**
 * Measures what Ficus costs, each figure beside a peer's in the same run.
 *
 * <p>Start at {@link dev.ficus.benchmarks.BenchmarkCommand}: {@code benchmarks/run NAME}.
 */
@NullMarked
package dev.ficus.benchmarks;

import org.jspecify.annotations.NullMarked;
