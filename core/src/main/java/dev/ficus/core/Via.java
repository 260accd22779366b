package dev.ficus.core;

/** How a stream's changes travel from the relay's capture to its apply. */
public sealed interface Via {

  /** Within one process. */
  Via DIRECT = new Direct();

  /** Within one process. */
  record Direct() implements Via {}

  /**
   * Through a topic, which one relay publishes and another may apply.
   *
   * @param partitions how many partitions the topic has
   */
  record Kafka(int partitions) implements Via {

    /** The most partitions that a stream's topic may have. */
    public static final int MOST_PARTITIONS = 64;

    public Kafka {
      if (partitions < 1 || partitions > MOST_PARTITIONS) {
        throw new IllegalArgumentException(
            "partitions must be from 1 to " + MOST_PARTITIONS + ": " + partitions);
      }
    }
  }
}
