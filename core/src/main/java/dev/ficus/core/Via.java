package dev.ficus.core;

/** How a stream's changes travel from the source's WAL to the relay's apply. */
public sealed interface Via {

  /** Within one process. */
  Via DIRECT = new Direct();

  /** Through the topics that a connector of an existing Kafka Connect publishes. */
  Via CONNECT = new Connect();

  /**
   * How a stream travels that begins on a slot of Ficus's: the way back, for which there is no
   * connector, and the way forward once more.
   */
  Via onSlot();

  /** Within one process. */
  record Direct() implements Via {

    @Override
    public Via onSlot() {
      return this;
    }
  }

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

    @Override
    public Via onSlot() {
      return this;
    }
  }

  /** Through the topics that a connector of an existing Kafka Connect publishes. */
  record Connect() implements Via {

    @Override
    public Via onSlot() {
      return DIRECT;
    }
  }
}
