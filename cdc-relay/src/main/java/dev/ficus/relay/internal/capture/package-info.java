/** Debezium on the slot: from change events to whole source transactions. */
@NullMarked
package dev.ficus.relay.internal.capture;

import org.jspecify.annotations.NullMarked;
