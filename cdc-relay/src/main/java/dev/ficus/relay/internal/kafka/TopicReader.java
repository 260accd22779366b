package dev.ficus.relay.internal.kafka;

import dev.ficus.core.Lsn;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTopic;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.apply.Applier;
import dev.ficus.relay.internal.shape.TableShape;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a stream's topic into its applier and notices whatever is missing from it.
 *
 * <p>Each transaction names the one before it, and each change its place: a lost record, a topic
 * that let go of what was not applied, or one that was emptied stops the stream by name, before a
 * row of what follows is written.
 */
public final class TopicReader implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(TopicReader.class);

  /** After how long without a record a transaction that has not ended is given up for the while. */
  private static final Duration STALLED = Duration.ofSeconds(5);

  private final Admin admin;
  private final StreamRow stream;
  private final StreamTopic topic;
  private final TopicPartition partition;
  private final Consumer<byte[], byte[]> consumer;
  private final EnvelopeReader envelopes;
  private final Applier applier;
  private final TopicPlace place;

  // The last transaction read whole, and the one that has begun.
  private Lsn read;
  private String open = "";
  private long openOffset;
  private long order;
  // Whether what was read last was let go by the topic, so that it begins in mid-transaction.
  private boolean cut;
  private boolean stalled;
  private long recordAt = System.nanoTime();

  /**
   * @param applier at the stream's position
   * @param place moves with it
   */
  public TopicReader(
      KafkaClients clients,
      Admin admin,
      StreamRow stream,
      StreamTopic topic,
      List<TableShape> shapes,
      Applier applier,
      TopicPlace place) {
    this.admin = admin;
    this.stream = stream;
    this.topic = topic;
    this.partition = new TopicPartition(topic.name(), 0);
    this.envelopes = new EnvelopeReader(shapes);
    this.applier = applier;
    this.place = place;
    this.read = stream.position();
    this.consumer = clients.consumer();
    consumer.assign(List.of(partition));
    consumer.seek(partition, topic.nextOffset());
  }

  /**
   * Reads what is at hand, after waiting for something.
   *
   * @return whether anything came
   * @throws RelayException naming a gap
   */
  public boolean read(Duration patience) throws SQLException {
    ConsumerRecords<byte[], byte[]> records;
    try {
      records = consumer.poll(patience);
    } catch (OffsetOutOfRangeException e) {
      skipWhatIsGone();
      return false;
    }
    if (records.isEmpty()) {
      giveUpWhenStalled();
      return false;
    }
    recordAt = System.nanoTime();
    if (stalled) {
      stalled = false;
      consumer.seek(partition, openOffset);
      return true;
    }
    for (ConsumerRecord<byte[], byte[]> record : records) {
      take(record);
    }
    return true;
  }

  /*
   A transaction in pieces holds the stream's row locked in the target. If its publisher dies in the middle, nobody could stop the
   stream for as long: so the pieces are rolled back, and read again once something comes.
  */
  private void giveUpWhenStalled() throws SQLException {
    if (applier.isOpen() && System.nanoTime() - recordAt > STALLED.toNanos()) {
      log.info(
          "stream {}: nothing follows the beginning of transaction {} in {}; reading it again when something does",
          stream.name(),
          open,
          topic.name());
      applier.abandon();
      stalled = true;
    }
  }

  private void take(ConsumerRecord<byte[], byte[]> record) throws SQLException {
    TopicRecord what = envelopes.read(record);
    if (what instanceof TopicRecord.Begin begin) {
      begin(record, begin);
    } else if (!applier.isOpen() && cut) {
      log.debug("stream {}: the rest of a transaction at {}", stream.name(), record.offset());
    } else if (!applier.isOpen() || !what.transaction().equals(open)) {
      throw gap(record, "a part of transaction " + what.transaction() + " without its beginning");
    } else if (what instanceof TopicRecord.Row row) {
      order++;
      if (row.order() != order) {
        throw gap(
            record,
            "change " + row.order() + " of transaction " + open + " where " + order + " is due");
      }
      applier.change(row.change());
    } else if (what instanceof TopicRecord.End end) {
      end(record, end);
    }
  }

  private void begin(ConsumerRecord<byte[], byte[]> record, TopicRecord.Begin begin)
      throws SQLException {
    if (applier.isOpen()) {
      // Its publisher died in the middle; the next one began it again, or with what follows.
      applier.abandon();
    }
    if (!read.hasReached(begin.previous())) {
      throw gap(record, "transaction " + begin.transaction() + " after " + begin.previous());
    }
    cut = false;
    open = begin.transaction();
    openOffset = record.offset();
    order = 0;
    applier.begin(open, begin.committedAt());
  }

  private void end(ConsumerRecord<byte[], byte[]> record, TopicRecord.End end) throws SQLException {
    if (end.changes() != order) {
      throw gap(
          record,
          "the end of transaction " + open + " with " + end.changes() + " changes after " + order);
    }
    place.read(end.end(), record.offset() + 1);
    read = end.end();
    applier.commit(end.end());
  }

  private void skipWhatIsGone() {
    // A topic that was made anew says so first: its offsets are not those of the old one.
    Topics.verify(admin, stream, topic);
    List<TopicPartition> only = List.of(partition);
    long beginning = consumer.beginningOffsets(only).getOrDefault(partition, 0L);
    long end = consumer.endOffsets(only).getOrDefault(partition, 0L);
    long wanted = consumer.position(partition);
    if (wanted >= beginning) {
      throw RelayException.stop(
          Topics.of(stream, topic)
              + " ends at offset "
              + end
              + ", before offset "
              + wanted
              + " that was read already: the brokers lost what they had acknowledged",
          "find out which broker lost its log; " + Topics.again(stream));
    }
    // What is gone may all have been applied: the next transaction says after which one it comes.
    log.warn(
        "stream {}: topic {} no longer has offsets {} to {}",
        stream.name(),
        topic.name(),
        wanted,
        beginning);
    cut = true;
    consumer.seek(partition, beginning);
  }

  private RelayException gap(ConsumerRecord<byte[], byte[]> record, String found) {
    Topics.verify(admin, stream, topic);
    return RelayException.stop(
        Topics.of(stream, topic)
            + " has a gap after the commit at "
            + read
            + ": at offset "
            + record.offset()
            + " it has "
            + found,
        "raise kafka.retention if the topic let go of what was not applied yet; "
            + Topics.again(stream));
  }

  @Override
  public void close() {
    consumer.close();
  }
}
