package dev.ficus.core;

/** How a stream's changes travel from the source's WAL to the relay's apply. */
public enum Via {
  /** Within one process. */
  DIRECT,
  /** Through a topic, which one relay publishes and another may apply. */
  KAFKA,
  /** Through the topics that a connector of an existing Kafka Connect publishes. */
  CONNECT;

  /**
   * How a stream travels that begins on a slot of Ficus's: the way back, for which there is no
   * connector, and the way forward once more.
   */
  public Via onSlot() {
    return this == CONNECT ? DIRECT : this;
  }
}
