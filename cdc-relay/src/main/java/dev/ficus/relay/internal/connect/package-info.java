/**
 * Streams over topics that an existing Kafka Connect publishes: {@link
 * dev.ficus.relay.internal.connect.ConnectReader} puts transactions together again ({@code
 * docs/adr/0016}).
 */
@NullMarked
package dev.ficus.relay.internal.connect;

import org.jspecify.annotations.NullMarked;
