/**
 * What a person sees while the demo runs, and what is left to read when it has ended.
 *
 * <p>Start at {@link dev.ficus.demo.show.Display}.
 */
@NullMarked
package dev.ficus.demo.show;

import org.jspecify.annotations.NullMarked;
