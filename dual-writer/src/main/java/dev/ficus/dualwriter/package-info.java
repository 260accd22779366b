/**
 * Writes the rows that a committed transaction touched to the other side as well, under guard, and
 * repeats writes that met a closed fence.
 *
 * <p>Start at {@link dev.ficus.dualwriter.DualWriter}, which wraps the connection of one declared
 * write, and at {@link dev.ficus.dualwriter.FencedWrites}, which decides where a write runs.
 */
@NullMarked
package dev.ficus.dualwriter;

import org.jspecify.annotations.NullMarked;
