/**
 * Compares the tables of two databases while they change, and reports only what is proved (rule
 * R17).
 *
 * <p>Start at {@link dev.ficus.reconciler.Reconciler}.
 */
@NullMarked
package dev.ficus.reconciler;

import org.jspecify.annotations.NullMarked;
