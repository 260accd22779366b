/**
 * The final check: the customers' record against the final databases.
 *
 * <p>Start at {@link dev.ficus.demo.check.Checker}. It shares no code with the reconciler, and
 * never compares two databases with each other: only what was promised with what is there.
 */
@NullMarked
package dev.ficus.demo.check;

import org.jspecify.annotations.NullMarked;
