package dev.ficus.relay.internal.kafka;

import dev.ficus.core.manifest.KafkaCluster;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Kafka's clients, with the settings that order and durability need. */
public final class KafkaClients {

  // A broker that is restarted is back within these; beyond them the stream says that it waits.
  private static final int REQUEST_MILLIS = 10_000;
  private static final int DELIVERY_MILLIS = 30_000;
  private static final int TRANSACTION_MILLIS = 60_000;
  private static final int RETRY_MILLIS = 20;
  private static final int BATCH_BYTES = 512 << 10;
  private static final int LEAST_BATCH_BYTES = 32 << 10;
  private static final long BUFFER_BYTES = 32L << 20;
  private static final int ENVELOPE_BYTES = 64 << 10;
  private static final int FETCH_BYTES = 2 << 20;
  private static final int LEAST_FETCH_BYTES = 256 << 10;
  private static final int FETCH_WAIT_MILLIS = 25;
  private static final int IDLE_FETCH_WAIT_MILLIS = 500;
  private static final int POLL_RECORDS = 2048;

  private final KafkaCluster cluster;

  public KafkaClients(KafkaCluster cluster) {
    this.cluster = cluster;
  }

  /** The brokers that they speak to. */
  public KafkaCluster cluster() {
    return cluster;
  }

  /** For topics and what is known of them. */
  public Admin admin() {
    Map<String, Object> properties = properties();
    properties.put("request.timeout.ms", REQUEST_MILLIS / 2);
    properties.put("default.api.timeout.ms", REQUEST_MILLIS);
    return Admin.create(properties);
  }

  /**
   * One that writes whole transactions, and fences any other of the same id (zombies).
   *
   * @param partitions how many it writes to; they share its memory
   */
  Producer<byte[], byte[]> producer(String transactionalId, int partitions) {
    Map<String, Object> properties = properties();
    properties.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId);
    properties.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, TRANSACTION_MILLIS);
    properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    properties.put(ProducerConfig.ACKS_CONFIG, "all");
    properties.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, REQUEST_MILLIS);
    properties.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, DELIVERY_MILLIS);
    properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, DELIVERY_MILLIS);
    properties.put(
        ProducerConfig.BATCH_SIZE_CONFIG, Math.max(LEAST_BATCH_BYTES, BATCH_BYTES / partitions));
    // Envelopes repeat themselves: a fifth of the bytes, and less work for clients and brokers.
    properties.putIfAbsent(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    // A publisher's start came to one retry nearly always: Kafka's own 100 ms were most of it.
    properties.putIfAbsent(ProducerConfig.RETRY_BACKOFF_MS_CONFIG, RETRY_MILLIS);
    // A commit sends at once what is held back.
    properties.put(ProducerConfig.LINGER_MS_CONFIG, 50);
    properties.put(
        ProducerConfig.BUFFER_MEMORY_CONFIG, Math.max(BUFFER_BYTES, 2L * cluster.maxRecordBytes()));
    properties.put(
        ProducerConfig.MAX_REQUEST_SIZE_CONFIG, cluster.maxRecordBytes() + ENVELOPE_BYTES);
    return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /**
   * One that reads what is committed, from where it is told to: it joins no consumer group, so that
   * no rebalance can move it, and goes nowhere by itself when an offset is gone.
   *
   * @param partitions how many it reads; they share its memory
   */
  public Consumer<byte[], byte[]> consumer(int partitions) {
    // A partition that was paused when a fetch was sent has to wait for its answer.
    return consumer(partitions, partitions > 1 ? FETCH_WAIT_MILLIS : IDLE_FETCH_WAIT_MILLIS);
  }

  /** One that reads a little of one partition and is closed: that waits for its last fetch. */
  Consumer<byte[], byte[]> brief() {
    return consumer(1, FETCH_WAIT_MILLIS);
  }

  private Consumer<byte[], byte[]> consumer(int partitions, int fetchWaitMillis) {
    Map<String, Object> properties = properties();
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    properties.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, POLL_RECORDS);
    properties.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, fetchBytes(partitions));
    properties.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, fetchWaitMillis);
    properties.put(ConsumerConfig.RECEIVE_BUFFER_CONFIG, 1 << 20);
    properties.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, REQUEST_MILLIS);
    properties.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, REQUEST_MILLIS);
    return new KafkaConsumer<>(
        properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  /** How much of each of so many partitions is fetched, and held, at once. */
  static int fetchBytes(int partitions) {
    return Math.max(LEAST_FETCH_BYTES, FETCH_BYTES / partitions);
  }

  private Map<String, Object> properties() {
    Map<String, Object> properties = new HashMap<>();
    cluster.properties().forEach((name, value) -> properties.put(name, value.reveal()));
    properties.put("bootstrap.servers", cluster.bootstrapServers());
    return properties;
  }
}
