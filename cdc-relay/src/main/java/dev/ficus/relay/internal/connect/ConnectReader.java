package dev.ficus.relay.internal.connect;

import dev.ficus.core.TableName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.apply.Applier;
import dev.ficus.relay.internal.kafka.KafkaClients;
import dev.ficus.relay.internal.watch.WayOut;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/** Reads a connector's topics into the applier of one stream. */
public final class ConnectReader implements AutoCloseable {

  /**
   * How long a transaction that has ended may lack a change, while nothing comes, before the run is
   * begun again.
   */
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private final StreamRow stream;
  private final ConnectTopics topics;
  private final ConnectPlace place;
  private final Map<String, TableName> tables = new HashMap<>();
  private final RecordReader records;
  private final TransactionMerge merge;
  private final Consumer<byte[], byte[]> consumer;
  private final Set<TopicPartition> assigned = new HashSet<>();
  private long advancedAt = System.nanoTime();

  /**
   * @param applier at the stream's position
   * @param place moves with it
   */
  ConnectReader(
      KafkaClients clients,
      StreamRow stream,
      ConnectTopics topics,
      List<ConnectTable> connectTables,
      Applier applier,
      ConnectPlace place) {
    this.stream = stream;
    this.topics = topics;
    this.place = place;
    Map<String, ConnectTable> byTopic = new HashMap<>();
    for (ConnectTable table : connectTables) {
      TableName name = table.shape().source();
      byTopic.put(topics.of(name), table);
      tables.put(topics.of(name), name);
    }
    this.records = new RecordReader(byTopic);
    this.merge =
        new TransactionMerge(
            stream, List.copyOf(tables.values()), topics.transactions(), applier, place::read);
    // Of each table's topic and of that of transactions; more partitions share what these have.
    this.consumer = clients.consumer(tables.size() + 1);
  }

  /**
   * Looks for topics and partitions that the connector has made since.
   *
   * @throws RelayException naming a topic that is not what it was
   */
  public void look() {
    Map<String, ConnectTopics.Found> found = topics.look(tables.values(), place.topicIds());
    Map<TopicPartition, Long> more = new HashMap<>();
    found.forEach(
        (name, topic) -> {
          place.identify(name, topic.id());
          for (TopicPartition partition : topic.partitions()) {
            if (assigned.add(partition)) {
              more.put(partition, place.offsets().getOrDefault(partition, 0L));
            }
          }
        });
    if (more.isEmpty()) {
      return;
    }
    Map<TopicPartition, Long> at = new HashMap<>();
    consumer.assignment().forEach(partition -> at.put(partition, consumer.position(partition)));
    at.putAll(more);
    consumer.assign(assigned);
    at.forEach(consumer::seek);
    more.forEach(
        (partition, offset) -> {
          TableName table = tables.get(partition.topic());
          if (table != null) {
            merge.open(table, partition, offset);
          }
        });
  }

  /**
   * Reads what is at hand, after waiting for something.
   *
   * @return whether anything came
   * @throws RelayException naming a gap
   */
  public boolean read(Duration patience) throws Exception {
    ConsumerRecords<byte[], byte[]> polled;
    try {
      polled = consumer.poll(patience);
    } catch (OffsetOutOfRangeException e) {
      throw outOfRange(e);
    }
    boolean rowsCame = false;
    for (ConsumerRecord<byte[], byte[]> record : polled) {
      take(record);
      rowsCame |= tables.containsKey(record.topic());
    }
    boolean advanced = merge.advance();
    for (TopicPartition partition : assigned) {
      if (merge.isFull(partition)) {
        consumer.pause(List.of(partition));
      }
    }
    consumer.resume(
        consumer.paused().stream().filter(partition -> !merge.isFull(partition)).toList());
    Optional<String> lacking = merge.lacking();
    // The ends of later transactions, markers among them, go on coming whatever is lacking.
    if (advanced || lacking.isEmpty() || rowsCame) {
      advancedAt = System.nanoTime();
    } else if (System.nanoTime() - advancedAt > PATIENCE.toNanos()) {
      // It may still be on its way from the connector; the stream's retries show it meanwhile.
      throw new TimeoutException(lacking.get() + "; waiting for the rest");
    }
    return advanced || !polled.isEmpty();
  }

  private void take(ConsumerRecord<byte[], byte[]> record) {
    if (record.topic().equals(topics.transactions().topic())) {
      records.end(record).ifPresent(end -> merge.ended(end, record.offset()));
    } else {
      merge.came(
          new TopicPartition(record.topic(), record.partition()),
          record.offset(),
          records.row(record));
    }
  }

  private RelayException outOfRange(OffsetOutOfRangeException error) {
    // A topic that was made anew says so first: its offsets are not those of the old one.
    topics.look(tables.values(), place.topicIds());
    Map.Entry<TopicPartition, Long> wanted =
        error.offsetOutOfRangePartitions().entrySet().iterator().next();
    TopicPartition partition = wanted.getKey();
    long beginning = consumer.beginningOffsets(List.of(partition)).getOrDefault(partition, 0L);
    long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
    return RelayException.stop(
        "partition "
            + partition
            + ", which stream "
            + stream.name()
            + " reads, has offsets "
            + beginning
            + " to "
            + end
            + ", and the stream goes on at "
            + wanted.getValue(),
        "raise the topic's retention if it let go of what was not applied yet; what is missing cannot be had any more: "
            + WayOut.of(stream));
  }

  @Override
  public void close() {
    consumer.close();
  }
}
