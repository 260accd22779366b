package dev.ficus.relay.internal.connect;

import dev.ficus.core.TableName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.kafka.Topics;
import dev.ficus.relay.internal.watch.WayOut;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * The topics that a connector writes: one of transactions, and one for each table, which it makes
 * with the table's first change.
 */
final class ConnectTopics {

  private final Admin admin;
  private final StreamRow stream;
  private final String prefix;

  ConnectTopics(Admin admin, StreamRow stream, String prefix) {
    this.admin = admin;
    this.stream = stream;
    this.prefix = prefix;
  }

  /** Where the ends of transactions are, in their order. */
  TopicPartition transactions() {
    return new TopicPartition(prefix + ".transaction", 0);
  }

  /** Where a table's changes are. */
  String of(TableName table) {
    return prefix + "." + table.schema() + "." + table.name();
  }

  /** A topic that is there. */
  record Found(String id, List<TopicPartition> partitions) {}

  /**
   * Looks at all topics of some tables, and at that of transactions; what is not made yet is not
   * found.
   *
   * @param known Kafka's own ids of topics that were there before
   * @throws RelayException naming what is wrong
   */
  Map<String, Found> look(Collection<TableName> tables, Map<String, String> known) {
    List<String> names = new ArrayList<>(List.of(transactions().topic()));
    tables.forEach(table -> names.add(of(table)));
    Map<String, Found> found = new LinkedHashMap<>();
    Map<String, KafkaFuture<TopicDescription>> answers =
        new TreeMap<>(admin.describeTopics(names).topicNameValues());
    answers.forEach(
        (name, answer) -> {
          try {
            found.put(name, found(Topics.await(answer)));
          } catch (UnknownTopicOrPartitionException e) {
            if (known.containsKey(name)) {
              throw stop("topic " + name + " is gone");
            }
          }
        });
    found.forEach(
        (name, topic) -> {
          if (!topic.id().equals(known.getOrDefault(name, topic.id()))) {
            throw stop(
                "topic " + name + " was deleted and made anew (its id is now " + topic.id() + ")");
          }
        });
    Found ends = found.get(transactions().topic());
    if (ends != null && ends.partitions().size() != 1) {
      throw RelayException.stop(
          of("topic " + transactions().topic())
              + " has "
              + ends.partitions().size()
              + " partitions, and transactions need the one order of a single one",
          "give the connector topics of its own with topic.creation.default.partitions=1, then "
              + WayOut.of(stream));
    }
    verifyKept(found.keySet());
    return found;
  }

  private static Found found(TopicDescription description) {
    return new Found(
        description.topicId().toString(),
        description.partitions().stream()
            .map(partition -> new TopicPartition(description.name(), partition.partition()))
            .toList());
  }

  private void verifyKept(Collection<String> names) {
    List<ConfigResource> resources =
        names.stream().map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name)).toList();
    Map<ConfigResource, Config> configs =
        new HashMap<>(Topics.await(admin.describeConfigs(resources).all()));
    configs.forEach(
        (resource, config) -> {
          String policy = config.get(TopicConfig.CLEANUP_POLICY_CONFIG).value();
          if (!policy.equals(TopicConfig.CLEANUP_POLICY_DELETE)) {
            throw RelayException.stop(
                of("topic " + resource.name())
                    + " has cleanup.policy "
                    + policy
                    + ", under which Kafka drops changes that later ones of the same key follow",
                "set its cleanup.policy to delete, then " + WayOut.of(stream));
          }
        });
  }

  private String of(String topic) {
    return topic + ", which stream " + stream.name() + " reads,";
  }

  private RelayException stop(String what) {
    return RelayException.stop(
        what + ", and stream " + stream.name() + " reads it",
        "what the topic held cannot be had any more: " + WayOut.of(stream));
  }
}
