package dev.ficus.relay;

/** Which half of the streams that travel over Kafka a relay runs. */
public enum RelayRole {
  /** Reads slots and publishes to topics. */
  PUBLISH,
  /** Copies, reads topics and applies; streams that travel directly are wholly run by it. */
  APPLY
}
