/**
 * One transition per file: what it does before the phase is decided, and what after. Start at
 * {@link dev.ficus.control.internal.transition.Transition}.
 */
@NullMarked
package dev.ficus.control.internal.transition;

import org.jspecify.annotations.NullMarked;
