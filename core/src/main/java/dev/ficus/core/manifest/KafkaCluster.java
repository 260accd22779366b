package dev.ficus.core.manifest;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * The Kafka cluster that streams may travel through.
 *
 * @param bootstrapServers {@code host:port}, separated by commas
 * @param properties further properties of Kafka's clients, such as how to log in; any may be a
 *     secret
 * @param topicPrefix what the names of its topics begin with
 * @param replication how many brokers hold each topic; the brokers' default where absent
 * @param retention how long a topic keeps what was published; an applier that is away for longer
 *     finds a gap
 * @param maxRecordBytes the largest record, which bounds the largest row
 * @param connect the connector that streams {@code via: connect} read from
 */
public record KafkaCluster(
    String bootstrapServers,
    Map<String, Secret> properties,
    String topicPrefix,
    Optional<Integer> replication,
    Duration retention,
    int maxRecordBytes,
    Optional<KafkaConnect> connect) {

  /** The prefix of topics where the manifest names none. */
  public static final String DEFAULT_PREFIX = "ficus";

  /** How long topics keep their records where the manifest does not say. */
  public static final Duration DEFAULT_RETENTION = Duration.ofDays(7);

  /** The bound of a record where the manifest does not say. */
  public static final int DEFAULT_MAX_RECORD_BYTES = 16 << 20;

  private static final int LEAST_RECORD_BYTES = 1 << 20;
  private static final int MOST_RECORD_BYTES = 64 << 20;

  public KafkaCluster {
    properties = Map.copyOf(properties);
    if (bootstrapServers.isBlank()) {
      throw new IllegalArgumentException("bootstrap-servers is empty: write host:port");
    }
    if (!topicPrefix.matches("[a-zA-Z0-9._-]{1,100}")) {
      throw new IllegalArgumentException(
          "topic-prefix must be 1 to 100 letters, digits, dots, underscores and hyphens: "
              + topicPrefix);
    }
    if (replication.isPresent() && (replication.get() < 1 || replication.get() > Short.MAX_VALUE)) {
      throw new IllegalArgumentException("replication must be at least 1: " + replication.get());
    }
    if (retention.compareTo(Duration.ofMinutes(1)) < 0) {
      throw new IllegalArgumentException("retention must be at least 1m: " + retention);
    }
    if (maxRecordBytes < LEAST_RECORD_BYTES || maxRecordBytes > MOST_RECORD_BYTES) {
      throw new IllegalArgumentException(
          "max-record must be from 1MB to 64MB: " + maxRecordBytes + " bytes");
    }
  }

  /** A cluster of these brokers, all else as where the manifest says nothing. */
  public static KafkaCluster of(String bootstrapServers) {
    return new KafkaCluster(
        bootstrapServers,
        Map.of(),
        DEFAULT_PREFIX,
        Optional.empty(),
        DEFAULT_RETENTION,
        DEFAULT_MAX_RECORD_BYTES,
        Optional.empty());
  }

  /** The same cluster with a connector. */
  public KafkaCluster with(KafkaConnect connector) {
    return new KafkaCluster(
        bootstrapServers,
        properties,
        topicPrefix,
        replication,
        retention,
        maxRecordBytes,
        Optional.of(connector));
  }

  /** Its brokers; properties may be secret. */
  @Override
  public String toString() {
    return "Kafka at " + bootstrapServers;
  }
}
