/**
 * Copies tables from one database into another and keeps them equal by streaming every committed
 * change.
 *
 * <p>Start at {@link dev.ficus.relay.Relay}: it runs whatever the stream rows of its databases ask
 * for.
 */
@NullMarked
package dev.ficus.relay;

import org.jspecify.annotations.NullMarked;
