package dev.ficus.postgres;

import java.util.List;
import java.util.Optional;

/**
 * The Kafka topic that a stream travels through.
 *
 * @param name its name
 * @param id Kafka's own id of it, once it is there: a topic made anew under the name has another
 * @param nextOffsets for each of its partitions, of which it has one at least, the offset that
 *     follows the last record applied
 */
public record StreamTopic(String name, Optional<String> id, List<Long> nextOffsets) {

  public StreamTopic {
    nextOffsets = List.copyOf(nextOffsets);
    if (nextOffsets.isEmpty()) {
      throw new IllegalArgumentException("topic " + name + " has no partitions");
    }
  }

  /** How many partitions it was made with, for as long as its stream lasts. */
  public int partitions() {
    return nextOffsets.size();
  }
}
