/**
 * Streams over Kafka: {@link dev.ficus.relay.internal.kafka.TopicPublisher} writes a stream's
 * topic, {@link dev.ficus.relay.internal.kafka.TopicReader} reads it ({@code docs/adr/0009}), from
 * one partition or from several ({@code docs/adr/0017}).
 */
@NullMarked
package dev.ficus.relay.internal.kafka;

import org.jspecify.annotations.NullMarked;
