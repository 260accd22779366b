/**
 * Simulated customers who use the store over HTTP, and their own record of what was acknowledged.
 *
 * <p>Start at {@link dev.ficus.demo.traffic.Traffic}. The record ({@link
 * dev.ficus.demo.traffic.Ledger}) is kept outside every database.
 */
@NullMarked
package dev.ficus.demo.traffic;

import org.jspecify.annotations.NullMarked;
