/** What a stream carries, column by column, and the refusal of what it cannot carry exactly. */
@NullMarked
package dev.ficus.relay.internal.shape;

import org.jspecify.annotations.NullMarked;
