package dev.ficus.relay.internal.kafka;

import dev.ficus.core.Lsn;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Header;

/**
 * What a topic was given last: so a publisher that is started again goes on exactly there, and no
 * transaction stands in the topic twice.
 *
 * <p>Partition 0 says it for all of them: it has the end of each transaction, and the Kafka
 * transaction that committed it committed the rest as well, if that was not there before.
 *
 * @param lastEnd the end of the last whole transaction that is committed in the topic, if it still
 *     has one
 * @param offset where partition 0 ends
 */
record TopicTail(Optional<Lsn> lastEnd, long offset) {

  private static final long FIRST_WINDOW = 4096;
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Duration POLL = Duration.ofMillis(200);

  /** Looks for it from the end backwards, in windows that double. */
  static TopicTail find(Consumer<byte[], byte[]> consumer, String topic) {
    TopicPartition partition = new TopicPartition(topic, 0);
    List<TopicPartition> only = List.of(partition);
    consumer.assign(only);
    long beginning = consumer.beginningOffsets(only).getOrDefault(partition, 0L);
    long end = consumer.endOffsets(only).getOrDefault(partition, 0L);
    Optional<Lsn> found = Optional.empty();
    long upTo = end;
    for (long window = FIRST_WINDOW; found.isEmpty() && upTo > beginning; window *= 2) {
      long from = Math.max(beginning, upTo - window);
      found = lastEnd(consumer, partition, from, upTo);
      upTo = from;
    }
    return new TopicTail(found, end);
  }

  private static Optional<Lsn> lastEnd(
      Consumer<byte[], byte[]> consumer, TopicPartition partition, long from, long upTo) {
    Optional<Lsn> last = Optional.empty();
    consumer.seek(partition, from);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (consumer.position(partition) < upTo) {
      if (System.nanoTime() > deadline) {
        throw new TimeoutException(
            "reading the end of topic " + partition.topic() + " took too long");
      }
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
        Header end = record.headers().lastHeader(TopicRecord.END_HEADER);
        if (end != null && record.offset() < upTo) {
          last = Optional.of(Lsn.parse(new String(end.value(), StandardCharsets.UTF_8)));
        }
      }
    }
    return last;
  }
}
