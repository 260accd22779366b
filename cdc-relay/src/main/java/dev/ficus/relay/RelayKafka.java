package dev.ficus.relay;

import dev.ficus.core.manifest.KafkaCluster;
import java.util.EnumSet;
import java.util.Set;

/**
 * How a relay takes part in streams over Kafka.
 *
 * @param cluster the brokers
 * @param roles what it does; another relay does the rest
 */
public record RelayKafka(KafkaCluster cluster, Set<RelayRole> roles) {

  public RelayKafka {
    roles = Set.copyOf(roles);
    if (roles.isEmpty()) {
      throw new IllegalArgumentException("a relay needs a role: publish, apply or both");
    }
  }

  /** A relay that both publishes and applies. */
  public static RelayKafka of(KafkaCluster cluster) {
    return new RelayKafka(cluster, EnumSet.allOf(RelayRole.class));
  }
}
