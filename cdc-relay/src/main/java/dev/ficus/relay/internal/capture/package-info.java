/** Debezium on the slot: from the slot's messages to changes of the carried columns. */
@NullMarked
package dev.ficus.relay.internal.capture;

import org.jspecify.annotations.NullMarked;
