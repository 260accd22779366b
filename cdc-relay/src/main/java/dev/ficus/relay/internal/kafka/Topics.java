package dev.ficus.relay.internal.kafka;

import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTopic;
import dev.ficus.postgres.StreamTopics;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.apply.StreamEnded;
import dev.ficus.relay.internal.watch.WayOut;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * The topic of one stream, whose partitions are as many as when it was made, and never compacted.
 */
public final class Topics {

  private static final Duration PATIENCE = Duration.ofSeconds(15);
  private static final Duration SETTLING = Duration.ofSeconds(2);
  private static final long PAUSE_NANOS = Duration.ofMillis(50).toNanos();

  private Topics() {}

  /** What to do where changes that the topic held are missing. */
  static String again(StreamRow stream) {
    return "what the topic held cannot be had any more: " + WayOut.of(stream);
  }

  /**
   * The name that the stream's topic has, or is given by this.
   *
   * @throws StreamEnded if the stream's row is another one by now
   */
  public static StreamTopic named(KafkaCluster cluster, Connection target, StreamRow stream)
      throws SQLException {
    Optional<StreamTopic> known = StreamTopics.find(target, stream.name());
    if (known.isEmpty()) {
      // Nothing has moved the position yet: it is where the stream began, which no other one did.
      StreamTopics.name(
          target,
          stream,
          cluster.topicPrefix()
              + "."
              + stream.name()
              + "."
              + stream.epoch()
              + "."
              + stream.position().toString().replace('/', '-'));
      known = StreamTopics.find(target, stream.name());
    }
    return known.orElseThrow(
        () -> new StreamEnded("stream " + stream.name() + " may not publish any more"));
  }

  /** Makes the topic, once, and notes Kafka's id of it. The caller holds the topic's lease. */
  public static StreamTopic ensure(
      KafkaCluster cluster, Admin admin, Connection target, StreamRow stream) throws SQLException {
    StreamTopic topic = named(cluster, target, stream);
    if (topic.id().isEmpty()) {
      create(cluster, admin, topic);
      StreamTopics.identify(
          target, topic.name(), describe(admin, stream, topic).topicId().toString());
      topic = named(cluster, target, stream);
    }
    verify(admin, stream, topic);
    return topic;
  }

  private static void create(KafkaCluster cluster, Admin admin, StreamTopic topic) {
    NewTopic wanted =
        new NewTopic(
                topic.name(),
                Optional.of(topic.partitions()),
                cluster.replication().map(Integer::shortValue))
            .configs(
                Map.of(
                    TopicConfig.CLEANUP_POLICY_CONFIG,
                    TopicConfig.CLEANUP_POLICY_DELETE,
                    TopicConfig.RETENTION_MS_CONFIG,
                    Long.toString(cluster.retention().toMillis()),
                    TopicConfig.RETENTION_BYTES_CONFIG,
                    "-1",
                    TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                    Integer.toString(cluster.maxRecordBytes()),
                    TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG,
                    "false"));
    try {
      await("Create", topic.name(), admin.createTopics(List.of(wanted)).all());
    } catch (TopicExistsException e) {
      // Whoever made it died before it noted so.
    }
  }

  /**
   * Verifies that the topic is the one that was made and has what order needs.
   *
   * @throws RelayException naming what is wrong
   */
  public static void verify(Admin admin, StreamRow stream, StreamTopic topic) {
    TopicDescription found = describe(admin, stream, topic);
    if (!topic.id().equals(Optional.of(found.topicId().toString()))) {
      throw RelayException.stop(
          of(stream, topic) + " was deleted and made anew (its id is now " + found.topicId() + ")",
          again(stream));
    }
    if (found.partitions().size() != topic.partitions()) {
      throw RelayException.stop(
          of(stream, topic)
              + " has "
              + found.partitions().size()
              + " partitions now, and was made with "
              + topic.partitions()
              + ": what is in the others is not the stream's",
          "find out who altered the topic, then " + WayOut.of(stream));
    }
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic.name());
    Config config =
        await("DescribeConfigs", topic.name(), admin.describeConfigs(List.of(resource)).all())
            .get(resource);
    String policy =
        config == null ? "unknown" : config.get(TopicConfig.CLEANUP_POLICY_CONFIG).value();
    if (!policy.equals(TopicConfig.CLEANUP_POLICY_DELETE)) {
      throw RelayException.stop(
          of(stream, topic)
              + " has cleanup.policy "
              + policy
              + ", under which Kafka drops changes that later ones of the same key follow",
          "set its cleanup.policy to delete, then " + WayOut.of(stream));
    }
  }

  private static TopicDescription describe(Admin admin, StreamRow stream, StreamTopic topic) {
    long deadline = System.nanoTime() + SETTLING.toNanos();
    while (true) {
      try {
        TopicDescription found =
            await(
                    "Describe",
                    topic.name(),
                    admin.describeTopics(List.of(topic.name())).allTopicNames())
                .get(topic.name());
        if (found != null) {
          return found;
        }
      } catch (UnknownTopicOrPartitionException e) {
        // A broker may not have heard yet of a topic that was just made.
      }
      if (System.nanoTime() > deadline) {
        throw RelayException.stop(of(stream, topic) + " is gone", again(stream));
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  /** Removes a topic; nothing happens where it is gone. */
  public static void remove(Admin admin, String topic) {
    try {
      await("Delete", topic, admin.deleteTopics(List.of(topic)).all());
    } catch (UnknownTopicOrPartitionException e) {
      // It is what was wanted.
    }
  }

  /**
   * Something is missing from the topic, unless something worse is wrong with it.
   *
   * @param where after what, and what is there instead
   */
  static RelayException gap(Admin admin, StreamRow stream, StreamTopic topic, String where) {
    verify(admin, stream, topic);
    return RelayException.stop(
        of(stream, topic) + " has a gap " + where,
        "raise kafka.retention if the topic let go of what was not applied yet; " + again(stream));
  }

  static String of(StreamRow stream, StreamTopic topic) {
    return "topic " + topic.name() + " of stream " + stream.name();
  }

  /** Waits for an answer about a topic. */
  private static <T> T await(String right, String topic, KafkaFuture<T> future) {
    try {
      return await(future);
    } catch (KafkaException e) {
      throw refusal(right, topic, e);
    }
  }

  /**
   * What went wrong with a topic; a refusal says which right is missing, as Kafka's does not.
   *
   * @param right what was needed
   * @param topic its name, which is its publisher's transactional id as well
   */
  static KafkaException refusal(String right, String topic, KafkaException error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof TopicAuthorizationException) {
        return new TopicAuthorizationException(
            "this principal has no right " + right + " on topic " + topic, Set.of(topic));
      }
      if (cause instanceof TransactionalIdAuthorizationException) {
        return new TransactionalIdAuthorizationException(
            "this principal has no right " + right + " on transactional id " + topic);
      }
    }
    return error;
  }

  /** Waits for an answer; what went wrong is thrown as it is. */
  public static <T> T await(KafkaFuture<T> future) {
    try {
      return future.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new KafkaException(e.getCause());
    } catch (TimeoutException e) {
      throw new org.apache.kafka.common.errors.TimeoutException(
          "no answer within " + PATIENCE.toSeconds() + " s");
    } catch (InterruptedException e) {
      throw new org.apache.kafka.common.errors.InterruptException(e);
    }
  }
}
