package dev.ficus.relay.internal.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.Lsn;
import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.postgres.StreamTopic;
import dev.ficus.relay.internal.capture.Change;
import dev.ficus.relay.internal.capture.RowImage;
import dev.ficus.relay.internal.shape.CarriedColumn;
import dev.ficus.relay.internal.shape.TableShape;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestKafka;
import dev.ficus.testkit.TestPostgres;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** When readers see what is published. */
@Rule("R4")
class TopicPublisherTest {

  private static final TableShape TABLE =
      new TableShape(
          OneTable.NAME,
          OneTable.NAME,
          List.of(new CarriedColumn("id", "integer")),
          List.of(0),
          true,
          Optional.empty());
  private static final String TOPIC = "publisher-test";

  @Test
  void shouldCommitAfterAWhileThoughMoreFollowsWithoutAPause() throws Exception {
    KafkaClients clients = new KafkaClients(KafkaCluster.of(TestKafka.shared().bootstrapServers()));
    try (TestDatabase database = TestPostgres.create();
        Admin admin = clients.admin();
        Consumer<byte[], byte[]> consumer = clients.brief()) {
      admin.createTopics(List.of(new NewTopic(TOPIC, 1, (short) 1))).all().get();
      TopicPartition partition = new TopicPartition(TOPIC, 0);
      try (TopicPublisher publisher =
          TopicPublisher.open(
              clients,
              OneTable.request(database).find(OneTable.STREAM).orElseThrow(),
              new StreamTopic(TOPIC, Optional.empty(), List.of(0L)),
              Lsn.parse("0/100"),
              "shared",
              FaultPoints.NONE)) {
        publisher.begin("700:0/200", Instant.now());
        publisher.change(row(1));
        assertThat(end(consumer, partition)).isZero();

        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        int rows = 1;
        while (end(consumer, partition) == 0 && System.nanoTime() < deadline) {
          publisher.change(row(++rows));
          LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
        }

        assertThat(end(consumer, partition)).isPositive();
        assertThat(publisher.position())
            .as("no transaction is whole, so the slot keeps what is published")
            .isEqualTo(Lsn.parse("0/100"));
      }
    }
  }

  private static Change row(int id) {
    return new Change.Written(
        TABLE, new Lsn(0x100 + id), new RowImage(new String[] {Integer.toString(id)}), null, true);
  }

  /** What a reader of committed records may read up to. */
  private static long end(Consumer<byte[], byte[]> consumer, TopicPartition partition) {
    return consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
  }
}
