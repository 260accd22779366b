/**
 * The servers and processes that the demo runs on, and their end.
 *
 * <p>Start at {@link dev.ficus.demo.stage.Stage}. Nothing that is started here outlives the demo,
 * however the demo ends.
 */
@NullMarked
package dev.ficus.demo.stage;

import org.jspecify.annotations.NullMarked;
