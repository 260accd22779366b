/** Whole transactions into the target, with the position in the same commit. */
@NullMarked
package dev.ficus.relay.internal.apply;

import org.jspecify.annotations.NullMarked;
