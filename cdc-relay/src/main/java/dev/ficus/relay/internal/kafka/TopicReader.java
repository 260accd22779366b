package dev.ficus.relay.internal.kafka;

import dev.ficus.core.DaemonThreads;
import dev.ficus.core.FaultPoints;
import dev.ficus.core.TableName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTopic;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.apply.Applier;
import dev.ficus.relay.internal.shape.TableShape;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a stream's topic into its applier and notices whatever is missing from it: a lost record, a
 * partition that let go of what was not applied, or one that was emptied stops the stream by name,
 * before a row of what follows is written.
 *
 * <p>It fetches and holds back; {@link Reassembly} puts in order. A partition that is ahead is
 * paused while it holds its share, so that what is held is bounded whatever the size of a
 * transaction.
 *
 * <p>That nothing comes of a partition proves no gap: its leader may be away, or its part of a
 * Kafka transaction not be shown yet. What proves one:
 *
 * <ol>
 *   <li>something is at hand that was published after what is due: so what is due, or the beginning
 *       that a later publisher replaces it by, was written before the brokers committed that, into
 *       one of the partitions of which nothing is at hand;
 *   <li>each of these is asked, after that, where it ends, with what is not committed;
 *   <li>all of them are read up to there: what is due is in none of them.
 * </ol>
 */
public final class TopicReader implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(TopicReader.class);

  /**
   * How many records are handed on before more is fetched: fewer than come at once, so that what is
   * held grows.
   */
  private static final int STEP = 1024;

  /**
   * How much is fetched and not handed on, of all partitions together: more than most batches have,
   * so that the next one is decoded by the time this one is written.
   */
  private static final int HELD_BYTES = 8 << 20;

  /** After how long without progress a transaction that has not ended is given up for the while. */
  private static final Duration STALLED = Duration.ofSeconds(5);

  /** After how long without progress brokers are asked for what is due. */
  private static final Duration OVERDUE = Duration.ofSeconds(1);

  private final Admin admin;
  private final StreamRow stream;
  private final StreamTopic topic;
  private final FaultPoints faults;
  private final Consumer<byte[], byte[]> consumer;
  private final ExecutorService decoders;
  private final List<TopicPartition> partitions = new ArrayList<>();
  private final List<PartitionQueue> queues = new ArrayList<>();
  private final Reassembly reassembly;
  private final Applier applier;

  private List<TopicPartition> paused = List.of();
  private boolean stalled;
  private long advancedAt = System.nanoTime();
  private long askedAt = advancedAt;

  /**
   * @param leftOut the stream's other tables: their changes are not handed on
   * @param applier at the stream's position
   * @param place moves with it
   */
  public TopicReader(
      KafkaClients clients,
      Admin admin,
      StreamRow stream,
      StreamTopic topic,
      List<TableShape> shapes,
      Set<TableName> leftOut,
      Applier applier,
      TopicPlace place,
      FaultPoints faults) {
    this.admin = admin;
    this.stream = stream;
    this.topic = topic;
    this.applier = applier;
    this.faults = faults;
    int count = topic.partitions();
    this.decoders =
        Executors.newFixedThreadPool(
            Math.min(count, Runtime.getRuntime().availableProcessors()),
            DaemonThreads.named("ficus-decode-" + stream.name()));
    for (int partition = 0; partition < count; partition++) {
      partitions.add(new TopicPartition(topic.name(), partition));
      queues.add(
          new PartitionQueue(
              partition,
              count > 1,
              topic.nextOffsets().get(partition),
              Math.max(HELD_BYTES / count, 2 * KafkaClients.fetchBytes(count)),
              new EnvelopeReader(shapes, leftOut),
              decoders));
    }
    this.reassembly = new Reassembly(admin, stream, topic, queues, applier, place);
    this.consumer = clients.consumer(count);
    consumer.assign(partitions);
    queues.forEach(this::seek);
  }

  private void seek(PartitionQueue queue) {
    consumer.seek(partitions.get(queue.partition()), queue.nextOffset());
  }

  /**
   * Reads some of what is at hand, after waiting for something.
   *
   * @return whether anything came or was handed on
   * @throws RelayException naming a gap
   */
  public boolean read(Duration patience) throws SQLException {
    ConsumerRecords<byte[], byte[]> records;
    try {
      records = consumer.poll(patience);
    } catch (OffsetOutOfRangeException e) {
      skipWhatIsGone(e.offsetOutOfRangePartitions().keySet());
      return false;
    } catch (KafkaException e) {
      throw Topics.refusal("Read", topic.name(), e);
    }
    if (stalled) {
      readAgain(records.isEmpty());
      return !records.isEmpty();
    }
    for (TopicPartition partition : records.partitions()) {
      queues.get(partition.partition()).add(records.records(partition));
    }
    boolean advanced = reassembly.advance(STEP) > 0;
    if (advanced) {
      advancedAt = System.nanoTime();
    } else {
      requireWhatIsDue();
      giveUpWhenStalled();
    }
    pauseWhatIsAhead();
    return advanced || !records.isEmpty();
  }

  private void pauseWhatIsAhead() {
    List<TopicPartition> full =
        queues.stream()
            .filter(PartitionQueue::isFull)
            .map(queue -> partitions.get(queue.partition()))
            .toList();
    if (!full.equals(paused)) {
      consumer.resume(paused);
      consumer.pause(full);
      paused = full;
      if (!full.isEmpty()) {
        faults.reach("relay.read.paused");
      }
    }
  }

  /*
   A transaction in pieces holds the stream's row locked in the target. If its publisher dies in the middle, nobody could stop the
   stream for as long: so the pieces are rolled back, and read again once something comes.
  */
  private void giveUpWhenStalled() throws SQLException {
    if (applier.isOpen() && System.nanoTime() - advancedAt > STALLED.toNanos()) {
      log.info(
          "stream {}: nothing follows the beginning of transaction {} in {}; reading it again when something does",
          stream.name(),
          reassembly.open(),
          topic.name());
      applier.abandon();
      stalled = true;
    }
  }

  private void readAgain(boolean nothingCame) {
    if (nothingCame) {
      return;
    }
    stalled = false;
    advancedAt = System.nanoTime();
    long[] offsets = reassembly.openOffsets();
    for (PartitionQueue queue : queues) {
      queue.restart(offsets[queue.partition()]);
      seek(queue);
    }
    consumer.resume(paused);
    paused = List.of();
  }

  private void requireWhatIsDue() {
    long now = System.nanoTime();
    if (now - advancedAt < OVERDUE.toNanos() || now - askedAt < OVERDUE.toNanos()) {
      return;
    }
    List<Integer> owing = reassembly.owing();
    if (owing.isEmpty()) {
      return;
    }
    askedAt = now;
    Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
    owing.forEach(partition -> ends.put(partitions.get(partition), OffsetSpec.latest()));
    Map<TopicPartition, ListOffsetsResultInfo> found =
        Topics.await(
            admin.listOffsets(ends, new ListOffsetsOptions(IsolationLevel.READ_UNCOMMITTED)).all());
    boolean readToTheirEnds =
        found.entrySet().stream()
            .allMatch(end -> consumer.position(end.getKey()) >= end.getValue().offset());
    if (readToTheirEnds) {
      throw reassembly.missing();
    }
  }

  private void skipWhatIsGone(Collection<TopicPartition> gone) {
    // A topic that was made anew says so first: its offsets are not those of the old one.
    Topics.verify(admin, stream, topic);
    Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(gone);
    Map<TopicPartition, Long> ends = consumer.endOffsets(gone);
    for (TopicPartition partition : gone) {
      long beginning = beginnings.getOrDefault(partition, 0L);
      long wanted = consumer.position(partition);
      if (wanted >= beginning) {
        throw RelayException.stop(
            "partition "
                + partition.partition()
                + " of "
                + Topics.of(stream, topic)
                + " ends at offset "
                + ends.getOrDefault(partition, 0L)
                + ", before offset "
                + wanted
                + " that was read already: the brokers lost what they had acknowledged",
            "find out which broker lost its log; " + Topics.again(stream));
      }
      // What is gone may all have been applied: the next transaction says after which one it comes.
      log.warn(
          "stream {}: partition {} no longer has offsets {} to {}",
          stream.name(),
          partition,
          wanted,
          beginning);
      if (partition.partition() == 0) {
        reassembly.cut();
      }
      consumer.seek(partition, beginning);
    }
  }

  @Override
  public void close() {
    decoders.shutdownNow();
    consumer.close();
  }
}
