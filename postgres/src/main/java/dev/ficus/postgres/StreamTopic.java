package dev.ficus.postgres;

import java.util.Optional;

/**
 * The Kafka topic that a stream travels through.
 *
 * @param name its name
 * @param id Kafka's own id of it, once it is there: a topic made anew under the name has another
 * @param nextOffset the offset that follows the last record applied
 */
public record StreamTopic(String name, Optional<String> id, long nextOffset) {}
