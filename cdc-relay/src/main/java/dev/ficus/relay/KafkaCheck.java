package dev.ficus.relay;

import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.relay.internal.kafka.KafkaClients;
import dev.ficus.relay.internal.kafka.Topics;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.ClusterAuthorizationException;

/**
 * What streams over Kafka stand on, told before there is one.
 *
 * @param unreachable why the brokers do not answer; empty where they do
 * @param brokers how many there are
 * @param replication how many of them hold each topic that the relay makes; empty where the brokers
 *     say so and do not tell this principal
 * @param inSync how many of these must have a record before it counts as written; empty where the
 *     brokers do not tell
 */
public record KafkaCheck(
    Optional<String> unreachable,
    int brokers,
    Optional<Integer> replication,
    Optional<Integer> inSync) {

  /** Asks the brokers. */
  public static KafkaCheck of(KafkaCluster cluster) {
    try (Admin admin = new KafkaClients(cluster).admin()) {
      List<Node> nodes = List.copyOf(Topics.await(admin.describeCluster().nodes()));
      Map<ConfigResource, Config> configs = configs(admin, nodes.get(0));
      return new KafkaCheck(
          Optional.empty(),
          nodes.size(),
          cluster.replication().or(() -> number(configs, "default.replication.factor")),
          number(configs, "min.insync.replicas"));
    } catch (KafkaException e) {
      return new KafkaCheck(
          Optional.of(e.getClass().getSimpleName() + ": " + e.getMessage()),
          0,
          Optional.empty(),
          Optional.empty());
    }
  }

  /** A broker's settings; none where this principal may not read them. */
  private static Map<ConfigResource, Config> configs(Admin admin, Node node) {
    ConfigResource broker = new ConfigResource(ConfigResource.Type.BROKER, node.idString());
    try {
      return Topics.await(admin.describeConfigs(List.of(broker)).all());
    } catch (ClusterAuthorizationException e) {
      return Map.of();
    }
  }

  private static Optional<Integer> number(Map<ConfigResource, Config> configs, String name) {
    return configs.values().stream()
        .map(config -> config.get(name))
        .filter(entry -> entry != null && entry.value() != null)
        .map(entry -> Integer.valueOf(entry.value()))
        .findFirst();
  }
}
