package dev.ficus.relay.internal.kafka;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.Lsn;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTopic;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.apply.Destination;
import dev.ficus.relay.internal.capture.Change;
import dev.ficus.relay.internal.capture.RowImage;
import dev.ficus.relay.internal.ddl.Addition;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a stream's changes into its topic, in commit order, in Kafka transactions.
 *
 * <p>A change goes into the partition that Kafka's own producers choose for the record's key, so
 * that each row has one, and partition 0 says where transactions begin and end. Where there are
 * several, a row that changes its key, and a truncated table, are told in each partition that they
 * concern: what Ficus itself reads elsewhere is an {@linkplain TopicRecord#ECHO_HEADER echo} there.
 *
 * <p>A Kafka transaction ends where nothing more is at hand, or when it has many records: it may
 * hold many transactions of the source, or a part of a large one, whose own end says that it is
 * whole. The slot is acknowledged only up to transactions that are whole and committed here (rule
 * R4).
 *
 * <p>The race it closes:
 *
 * <ol>
 *   <li>a publisher hangs, and its connection to the slot is lost;
 *   <li>another one takes the slot, finds what the topic was given last, and goes on after it;
 *   <li>the first one wakes and sends what it still held: the topic would have it twice, out of
 *       order.
 * </ol>
 *
 * The second one's {@code initTransactions} has ended whatever the first one had begun, before the
 * topic's end was looked for, and the brokers refuse all that the first one sends from then on.
 */
public final class TopicPublisher implements Destination, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(TopicPublisher.class);

  /** What one Kafka transaction holds: readers see nothing of it before it is committed. */
  private static final int MOST_RECORDS = 16_384;

  /** How long it lasts while more follows. */
  private static final Duration LONGEST = Duration.ofMillis(500);

  private static final Duration CLOSING = Duration.ofSeconds(5);

  private final StreamRow stream;
  private final StreamTopic topic;
  private final int maxRecordBytes;
  private final Producer<byte[], byte[]> producer;
  private final EnvelopeWriter envelopes;
  private final FaultPoints faults;
  private final Lsn from;
  // What all its records bear, and those that are echoes.
  private final List<Header> run;
  private final List<Header> echo;

  // Of the Kafka transaction that has begun; zero where none has.
  private int sending;
  private long sendingSince;
  private Lsn sent;
  private volatile Lsn committed;
  private volatile long progressedAt = System.nanoTime();

  private TopicPublisher(
      KafkaClients clients,
      StreamRow stream,
      StreamTopic topic,
      Producer<byte[], byte[]> producer,
      Lsn from,
      long run,
      String database,
      FaultPoints faults) {
    this.stream = stream;
    this.topic = topic;
    this.maxRecordBytes = clients.cluster().maxRecordBytes();
    this.producer = producer;
    this.envelopes = new EnvelopeWriter(clients.cluster().topicPrefix(), database);
    this.faults = faults;
    this.from = from;
    this.run =
        topic.partitions() == 1
            ? List.of()
            : List.of(header(TopicRecord.RUN_HEADER, Long.toString(run)));
    this.echo = with(header(TopicRecord.ECHO_HEADER, "true"));
    this.sent = from;
    this.committed = from;
  }

  /**
   * Ends any other publisher of the topic.
   *
   * @param confirmed where the slot stands
   * @param database the source's database, as the envelope names it
   */
  public static TopicPublisher open(
      KafkaClients clients,
      StreamRow stream,
      StreamTopic topic,
      Lsn confirmed,
      String database,
      FaultPoints faults) {
    Producer<byte[], byte[]> producer = clients.producer(topic.name(), topic.partitions());
    try {
      initTransactions(producer, topic);
      TopicTail tail = tail(clients, topic);
      return new TopicPublisher(
          clients,
          stream,
          topic,
          producer,
          from(stream, topic, tail, confirmed),
          // Whatever an earlier one has committed lies before it.
          tail.offset(),
          database,
          faults);
    } catch (RuntimeException e) {
      producer.close(Duration.ZERO);
      throw e;
    }
  }

  private static TopicTail tail(KafkaClients clients, StreamTopic topic) {
    try (Consumer<byte[], byte[]> consumer = clients.brief()) {
      return TopicTail.find(consumer, topic.name());
    } catch (KafkaException e) {
      throw Topics.refusal("Read", topic.name(), e);
    }
  }

  private static void initTransactions(Producer<byte[], byte[]> producer, StreamTopic topic) {
    try {
      producer.initTransactions();
    } catch (KafkaException e) {
      throw Topics.refusal("Write", topic.name(), e);
    }
  }

  private static Lsn from(StreamRow stream, StreamTopic topic, TopicTail tail, Lsn confirmed) {
    Optional<Lsn> last = tail.lastEnd();
    if (last.isPresent() && !last.get().hasReached(confirmed)) {
      throw RelayException.stop(
          Topics.of(stream, topic)
              + " ends with the commit at "
              + last.get()
              + ", but slot "
              + stream.slot()
              + " stands at "
              + confirmed
              + ": the changes between are lost to it",
          "find out who else read or advanced the slot, or whether the brokers lost what they had acknowledged; "
              + Topics.again(stream));
    }
    // Where the topic holds no end any more, whoever reads it compares what comes with its
    // position.
    return last.orElse(confirmed);
  }

  /** The last commit that the topic has: what follows it is to be published. */
  public Lsn from() {
    return from;
  }

  @Override
  public Lsn position() {
    return committed;
  }

  @Override
  public long progressedAt() {
    return progressedAt;
  }

  @Override
  public void begin(String name, Instant at) {
    byte[] value = envelopes.begin(name, at);
    send(
        0,
        envelopes.transactionKey(),
        value,
        with(header(TopicRecord.PREVIOUS_HEADER, sent.toString())));
  }

  @Override
  public void change(Change change) {
    if (topic.partitions() > 1
        && change instanceof Change.Written written
        && written.before() != null) {
      Change gone = new Change.Deleted(written.table(), written.lsn(), written.before());
      byte[] key = envelopes.key(gone);
      send(gone, partition(key), key, echo);
    }
    byte[] key = envelopes.key(change);
    send(change, partition(key), key, headers(change));
    if (change instanceof Change.Truncated) {
      for (int partition = 1; partition < topic.partitions(); partition++) {
        send(change, partition, key, echo);
      }
    }
    publishWhenDue();
  }

  /** That of the key, as Kafka's own producers choose it; the first one where there is no key. */
  private int partition(byte @Nullable [] key) {
    return key == null || topic.partitions() == 1
        ? 0
        : Utils.toPositive(Utils.murmur2(key)) % topic.partitions();
  }

  private void send(Change change, int partition, byte @Nullable [] key, List<Header> headers) {
    byte[] value = envelopes.change(change);
    if (value.length > maxRecordBytes) {
      throw RelayException.stop(
          "a change of table "
              + change.table().source()
              + " at "
              + change.lsn()
              + " makes a record of "
              + value.length
              + " bytes, more than the "
              + maxRecordBytes
              + " of kafka.max-record",
          "raise kafka.max-record in the manifest and max.message.bytes of topic "
              + topic.name()
              + ", or let the group's streams travel directly");
    }
    send(partition, key, value, headers);
  }

  /**
   * Ends this publisher's work: what was whole before is published.
   *
   * @throws AdditionAhead always
   */
  @Override
  public void add(Addition addition) {
    flush();
    throw new AdditionAhead(addition);
  }

  private List<Header> headers(Change change) {
    if (!(change instanceof Change.Written written) || !written.image().hasUnchanged()) {
      return run;
    }
    RowImage image = written.image();
    StringBuilder places = new StringBuilder();
    for (int column = 0; column < change.table().columns().size(); column++) {
      if (image.isUnchanged(column)) {
        places.append(places.isEmpty() ? "" : ",").append(column);
      }
    }
    return with(header(TopicRecord.UNCHANGED_HEADER, places.toString()));
  }

  @Override
  public void commit(Lsn end) {
    send(
        0,
        envelopes.transactionKey(),
        envelopes.end(),
        with(header(TopicRecord.END_HEADER, end.toString())));
    sent = end;
    publishWhenDue();
  }

  private List<Header> with(Header header) {
    return run.isEmpty() ? List.of(header) : List.of(run.get(0), header);
  }

  private static Header header(String name, String value) {
    return new RecordHeader(name, value.getBytes(StandardCharsets.UTF_8));
  }

  private void send(int partition, byte @Nullable [] key, byte[] value, List<Header> headers) {
    if (sending == 0) {
      producer.beginTransaction();
      sendingSince = System.nanoTime();
    }
    sending++;
    // What fails is thrown by the commit, or by a later send.
    try {
      producer.send(new ProducerRecord<>(topic.name(), partition, key, value, headers));
    } catch (KafkaException e) {
      throw Topics.refusal("Write", topic.name(), e);
    }
  }

  private void publishWhenDue() {
    if (sending >= MOST_RECORDS || System.nanoTime() - sendingSince > LONGEST.toNanos()) {
      flush();
    }
  }

  @Override
  public Lsn flush() {
    if (sending > 0) {
      faults.reach("relay.publish.before-commit");
      try {
        producer.commitTransaction();
      } catch (KafkaException e) {
        throw Topics.refusal("Write", topic.name(), e);
      }
      faults.reach("relay.publish.after-commit");
      sending = 0;
      committed = sent;
      progressedAt = System.nanoTime();
      log.debug("stream {}: published up to {}", stream.name(), committed);
    }
    return committed;
  }

  @Override
  public Lsn durable() {
    return committed;
  }

  @Override
  public void close() {
    try {
      if (sending > 0) {
        producer.abortTransaction();
      }
    } catch (KafkaException e) {
      // The next publisher ends it, or else its own time-out does.
      log.debug("stream {}: an unfinished Kafka transaction is left to end", stream.name(), e);
    } finally {
      producer.close(CLOSING);
    }
  }
}
