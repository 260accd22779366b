/**
 * The relay beside its peers: one source, a contender each with a slot and a target of its own.
 *
 * <p>Start at {@link dev.ficus.benchmarks.stream.StreamBenchmark}.
 */
@NullMarked
package dev.ficus.benchmarks.stream;

import org.jspecify.annotations.NullMarked;
