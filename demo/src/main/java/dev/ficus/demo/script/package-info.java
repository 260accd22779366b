/**
 * The migration of the sample store, step by step, through the same API that the {@code ficus}
 * command uses.
 *
 * <p>Start at {@link dev.ficus.demo.script.Migration}.
 */
@NullMarked
package dev.ficus.demo.script;

import org.jspecify.annotations.NullMarked;
