package dev.ficus.testkit;

import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import kafka.server.BrokerServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.test.KafkaClusterTestKit;
import org.apache.kafka.common.test.TestKitNodes;
import org.apache.kafka.common.utils.Exit;

/**
 * A Kafka cluster of one broker in this JVM, with KRaft; its broker can be stopped and started
 * again at the same address, with what it had stored.
 *
 * <p>Whoever uses it declares {@code kafka-test-common-runtime} and {@code kafka_2.13} by itself.
 */
public final class TestKafka implements AutoCloseable {

  private static final int BROKER = 0;

  private static final class Shared {
    static final TestKafka CLUSTER = start();
  }

  private final KafkaClusterTestKit cluster;

  private TestKafka(KafkaClusterTestKit cluster) {
    this.cluster = cluster;
  }

  /** A cluster that all tests of this JVM share and that ends with it. */
  public static TestKafka shared() {
    return Shared.CLUSTER;
  }

  /** A cluster of the caller's own, to be stopped at will. */
  public static TestKafka start() {
    // A shared broker still runs when the JVM's end deletes its folder; it must not end the JVM as
    // failed.
    Exit.setHaltProcedure(
        (status, message) -> {
          throw new IllegalStateException("a broker gave up: " + message);
        });
    try {
      KafkaClusterTestKit cluster =
          new KafkaClusterTestKit.Builder(
                  new TestKitNodes.Builder().setNumControllerNodes(1).setNumBrokerNodes(1).build())
              .setConfigProp("offsets.topic.replication.factor", "1")
              .setConfigProp("transaction.state.log.replication.factor", "1")
              .setConfigProp("transaction.state.log.min.isr", "1")
              .setConfigProp("transaction.state.log.num.partitions", "4")
              .setConfigProp("auto.create.topics.enable", "false")
              .build();
      cluster.format();
      cluster.startup();
      cluster.waitForReadyBrokers();
      return new TestKafka(cluster);
    } catch (Exception e) {
      throw new IllegalStateException("starting a Kafka broker failed", e);
    }
  }

  /** Its address, as clients take it. */
  public String bootstrapServers() {
    return cluster.bootstrapServers();
  }

  /** The topics that it has now. */
  public Set<String> topics() {
    try (Admin admin = cluster.admin()) {
      return admin.listTopics().names().get(30, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException("listing a broker's topics failed", e);
    }
  }

  /** Stops the broker; its clients lose it. */
  public void stopBroker() {
    broker().shutdown();
    broker().awaitShutdown();
  }

  /** Starts the broker again. */
  public void startBroker() {
    broker().startup();
  }

  private BrokerServer broker() {
    return Objects.requireNonNull(cluster.brokers().get(BROKER));
  }

  @Override
  public void close() {
    try {
      cluster.close();
    } catch (Exception e) {
      throw new IllegalStateException("stopping a Kafka broker failed", e);
    }
  }
}
