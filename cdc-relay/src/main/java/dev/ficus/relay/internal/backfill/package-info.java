/** The copy of all rows from the snapshot that the stream's slot exported. */
@NullMarked
package dev.ficus.relay.internal.backfill;

import org.jspecify.annotations.NullMarked;
