package dev.ficus.core;

/** How a stream's changes travel from the relay's capture to its apply. */
public enum Via {
  /** Within one process. */
  DIRECT,
  /** Through a topic, which one relay publishes and another may apply. */
  KAFKA
}
