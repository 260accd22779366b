package dev.ficus.relay;

import dev.ficus.testkit.TestKafka;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** What a test looks at, and does to topics, past the relay. */
final class Broker implements AutoCloseable {

  private final String bootstrapServers;
  private final Admin admin;

  Broker(TestKafka kafka) {
    this.bootstrapServers = kafka.bootstrapServers();
    this.admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers));
  }

  /** Lets go of all that a partition holds now. */
  void letGo(String topic, int partition) throws ExecutionException, InterruptedException {
    letGo(topic, partition, -1);
  }

  /** Lets go of all that a partition holds before an offset. */
  void letGo(String topic, int partition, long offset)
      throws ExecutionException, InterruptedException {
    admin
        .deleteRecords(
            Map.of(new TopicPartition(topic, partition), RecordsToDelete.beforeOffset(offset)))
        .all()
        .get();
  }

  /** Writes a record as anybody may. */
  void write(String topic, int partition, String value)
      throws ExecutionException, InterruptedException {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bootstrapServers),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      producer
          .send(
              new ProducerRecord<>(topic, partition, null, value.getBytes(StandardCharsets.UTF_8)))
          .get();
    }
  }

  /** Deletes a topic and makes it anew. */
  void makeAnew(String topic) throws ExecutionException, InterruptedException {
    admin.deleteTopics(List.of(topic)).all().get();
    admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
  }

  void addPartition(String topic, int partitions) throws ExecutionException, InterruptedException {
    admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(partitions))).all().get();
  }

  /** The offset that the next record of a topic's first partition is given. */
  long end(String topic) throws ExecutionException, InterruptedException {
    TopicPartition partition = new TopicPartition(topic, 0);
    return admin
        .listOffsets(Map.of(partition, OffsetSpec.latest()))
        .partitionResult(partition)
        .get()
        .offset();
  }

  /** The values that are committed in a partition, from its beginning to its end now. */
  List<String> values(String topic, int partition) {
    return records(topic, partition).stream()
        .map(record -> new String(record.value(), StandardCharsets.UTF_8))
        .toList();
  }

  /** The same with all that they bear. */
  List<ConsumerRecord<byte[], byte[]>> records(String topic, int number) {
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", bootstrapServers, "isolation.level", "read_committed"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      TopicPartition partition = new TopicPartition(topic, number);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
      List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
      while (consumer.position(partition) < end) {
        consumer.poll(Duration.ofMillis(100)).forEach(records::add);
      }
      return records;
    }
  }

  @Override
  public void close() {
    admin.close();
  }
}
