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

/**
 * What streams over Kafka stand on, told before there is one.
 *
 * @param unreachable why the brokers do not answer; empty where they do
 * @param brokers how many there are
 * @param replication how many of them hold each topic that the relay makes
 * @param inSync how many of these must have a record before it counts as written
 */
public record KafkaCheck(Optional<String> unreachable, int brokers, int replication, int inSync) {

  /** Asks the brokers. */
  public static KafkaCheck of(KafkaCluster cluster) {
    try (Admin admin = new KafkaClients(cluster).admin()) {
      List<Node> nodes = List.copyOf(Topics.await(admin.describeCluster().nodes()));
      ConfigResource broker =
          new ConfigResource(ConfigResource.Type.BROKER, nodes.get(0).idString());
      Map<ConfigResource, Config> configs =
          Topics.await(admin.describeConfigs(List.of(broker)).all());
      return new KafkaCheck(
          Optional.empty(),
          nodes.size(),
          cluster.replication().orElseGet(() -> number(configs, "default.replication.factor")),
          number(configs, "min.insync.replicas"));
    } catch (KafkaException e) {
      return new KafkaCheck(
          Optional.of(e.getClass().getSimpleName() + ": " + e.getMessage()), 0, 0, 0);
    }
  }

  private static int number(Map<ConfigResource, Config> configs, String name) {
    return configs.values().stream()
        .map(config -> config.get(name))
        .filter(entry -> entry != null && entry.value() != null)
        .mapToInt(entry -> Integer.parseInt(entry.value()))
        .findFirst()
        .orElse(1);
  }
}
