/** Reads how streams and their slots are, for {@code ficus streams}. */
@NullMarked
package dev.ficus.control.internal.watch;

import org.jspecify.annotations.NullMarked;
