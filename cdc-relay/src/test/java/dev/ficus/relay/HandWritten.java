package dev.ficus.relay;

import dev.ficus.core.Lsn;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Writes transactions of {@code public.t (id int, note text)} into a topic of several partitions as
 * a publisher does, each record where and when the test wants it.
 */
final class HandWritten implements AutoCloseable {

  private final String topic;
  private final long run;
  private final KafkaProducer<byte[], byte[]> producer;

  /**
   * @param name of the Kafka transactions, of which one is begun at once
   * @param run of the publisher that it stands for
   */
  HandWritten(String bootstrapServers, String topic, String name, long run) {
    this.topic = topic;
    this.run = run;
    this.producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bootstrapServers, "transactional.id", topic + "." + name),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    producer.initTransactions();
    producer.beginTransaction();
  }

  HandWritten begin(String transaction, Lsn previous) {
    return begin(0, transaction, previous);
  }

  /** The same in a partition where no transaction begins. */
  HandWritten begin(int partition, String transaction, Lsn previous) {
    return send(
        partition,
        "{\"status\":\"BEGIN\",\"id\":\"%s\",\"ts_ms\":1}".formatted(transaction),
        header("ficus.previous", previous.toString()));
  }

  /** A row is inserted. */
  HandWritten row(int partition, String transaction, long order, int id, String note) {
    return send(
        partition,
        """
        {"before":null,"after":{"id":"%d","note":"%s"},"source":{"schema":"public","table":"t","lsn":1},"op":"c",\
        "transaction":{"id":"%s","total_order":%d}}"""
            .formatted(id, note, transaction, order));
  }

  HandWritten end(String transaction, long changes, Lsn end) {
    return send(
        0,
        "{\"status\":\"END\",\"id\":\"%s\",\"ts_ms\":1,\"event_count\":%d}"
            .formatted(transaction, changes),
        header("ficus.end", end.toString()));
  }

  private HandWritten send(int partition, String value, Header... headers) {
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(topic, partition, null, value.getBytes(StandardCharsets.UTF_8));
    for (Header header : headers) {
      record.headers().add(header);
    }
    record.headers().add(header("ficus.run", Long.toString(run)));
    producer.send(record);
    return this;
  }

  private static Header header(String name, String value) {
    return new RecordHeader(name, value.getBytes(StandardCharsets.UTF_8));
  }

  /** The brokers have all that was written; readers do not see it yet. */
  HandWritten written() {
    producer.flush();
    return this;
  }

  /** Readers see what was written. */
  void commit() {
    producer.commitTransaction();
  }

  @Override
  public void close() {
    producer.close();
  }
}
