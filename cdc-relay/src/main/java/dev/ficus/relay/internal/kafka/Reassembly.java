package dev.ficus.relay.internal.kafka;

import dev.ficus.core.Lsn;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTopic;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.apply.Applier;
import dev.ficus.relay.internal.capture.Change;
import dev.ficus.relay.internal.kafka.PartitionQueue.Fetched;
import java.sql.SQLException;
import java.util.List;
import org.apache.kafka.clients.admin.Admin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts the transactions of a topic together again from its partitions, in their order, and hands
 * each change on as soon as its turn has come: no transaction is ever held whole.
 *
 * <p>Partition 0 tells in commit order where transactions begin and end; their changes lie in the
 * partitions of their rows' keys. Each beginning names the transaction before it, each change its
 * place, and each end how many there are. So one thing is due at any moment, and whatever else is
 * found where it could be says that it is missing.
 *
 * <p>Why it cannot stand still while what is due is there:
 *
 * <ol>
 *   <li>a partition has its records in the order of the transactions and of the places in them: all
 *       that lies in front of what is due was taken, or is left of a publisher that died and is
 *       passed over;
 *   <li>so what is due is the head of its queue, and is taken, or that queue is empty;
 *   <li>only a queue that holds something is ever full and has its partition paused; one that is
 *       empty is fetched, however far the others are ahead, and the paused ones take no part in the
 *       fetch;
 *   <li>a broker answers a fetch with the first batch of what it is asked for even if that is
 *       larger than the limit.
 * </ol>
 *
 * <p>The race with a publisher that dies in the middle of a large transaction, of which several
 * Kafka transactions are committed:
 *
 * <ol>
 *   <li>the next publisher begins the transaction again, and partition 0 shows it;
 *   <li>what the first one left in other partitions may not be fetched by then, and has the same
 *       transaction and the same places as what the second one writes behind it;
 *   <li>each record bears its publisher's run, which grows from one publisher to the next: what is
 *       left of an earlier run is passed over, what belongs to a later one waits.
 * </ol>
 */
final class Reassembly {

  private static final Logger log = LoggerFactory.getLogger(Reassembly.class);

  private final Admin admin;
  private final StreamRow stream;
  private final StreamTopic topic;
  private final List<PartitionQueue> queues;
  private final PartitionQueue transactions;
  private final Applier applier;
  private final TopicPlace place;

  // The last transaction handed on whole, and the one that has begun.
  private Lsn read;
  private String open = "";
  private long openRun;
  private long[] openOffsets = {};
  private long order;
  // Whether partition 0 let go of what it had next, so that it begins in mid-transaction.
  private boolean cut;

  /**
   * @param queues one for each partition of the topic, in their order
   * @param applier at the stream's position
   * @param place moves with it
   */
  Reassembly(
      Admin admin,
      StreamRow stream,
      StreamTopic topic,
      List<PartitionQueue> queues,
      Applier applier,
      TopicPlace place) {
    this.admin = admin;
    this.stream = stream;
    this.topic = topic;
    this.queues = List.copyOf(queues);
    this.transactions = queues.get(0);
    this.applier = applier;
    this.place = place;
    this.read = stream.position();
  }

  /**
   * Hands on what is due and at hand.
   *
   * @param most how many records at most
   * @return how many those were
   * @throws RelayException naming a gap
   */
  int advance(int most) throws SQLException {
    int taken = 0;
    while (taken < most && (applier.isOpen() ? next() : first())) {
      taken++;
    }
    return taken;
  }

  /** Partition 0 no longer has what comes next in it. */
  void cut() {
    cut = true;
  }

  /** The transaction that has begun, by name. */
  String open() {
    return open;
  }

  /** Where each partition is read again from, for the transaction that has begun to begin anew. */
  long[] openOffsets() {
    return openOffsets;
  }

  /**
   * The partitions that are to bring what is due, where it must have been published: something that
   * was published after it is at hand. Empty otherwise.
   */
  List<Integer> owing() {
    List<Integer> empty =
        queues.stream()
            .filter(queue -> queue.head() == null)
            .map(PartitionQueue::partition)
            .toList();
    return applier.isOpen() && empty.size() < queues.size() ? empty : List.of();
  }

  /** What is due is in no partition. */
  RelayException missing() {
    for (PartitionQueue queue : queues) {
      Fetched head = queue.head();
      if (head != null) {
        return gap(queue, head);
      }
    }
    throw new IllegalStateException("nothing says that change " + (order + 1) + " is missing");
  }

  private boolean first() throws SQLException {
    Fetched head = transactions.head();
    if (head == null) {
      return false;
    }
    if (head.what() instanceof TopicRecord.Begin begin) {
      begin(head, begin);
    } else if (cut) {
      log.debug("stream {}: the rest of a transaction at {}", stream.name(), head.offset());
      transactions.take();
    } else if (head.what() instanceof TopicRecord.OtherShape other) {
      throw other.why();
    } else {
      throw gap(transactions, head);
    }
    return true;
  }

  private boolean next() throws SQLException {
    boolean empty = false;
    for (PartitionQueue queue : queues) {
      Fetched head = queue.head();
      if (head == null) {
        empty = true;
      } else if (takes(queue, head)) {
        return true;
      }
    }
    if (!empty) {
      throw missing();
    }
    return false;
  }

  /** Returns whether the head was taken; otherwise it waits for its turn. */
  private boolean takes(PartitionQueue queue, Fetched head) throws SQLException {
    TopicRecord what = head.what();
    if (what instanceof TopicRecord.Begin begin) {
      // Its publisher died in the middle; the next one began it again, or with what follows.
      applier.abandon();
      begin(head, begin);
      return true;
    }
    if (what instanceof TopicRecord.OtherShape other && head.run() >= openRun) {
      throw other.why();
    }
    if (head.run() != openRun || !what.transaction().equals(open)) {
      if (queue == transactions) {
        throw gap(queue, head);
      }
      if (head.run() < openRun) {
        queue.take();
        return true;
      }
      return false;
    }
    if (what instanceof TopicRecord.Row row && row.order() <= order + 1) {
      if (row.order() <= order) {
        throw gap(queue, head);
      }
      queue.take();
      order++;
      Change change = row.change();
      if (change != null && !head.echo()) {
        applier.change(change);
      }
      return true;
    }
    if (what instanceof TopicRecord.End end && end.changes() <= order) {
      if (end.changes() < order) {
        throw gap(queue, head);
      }
      queue.take();
      end(end);
      return true;
    }
    return false;
  }

  private void begin(Fetched head, TopicRecord.Begin begin) throws SQLException {
    if (!read.hasReached(begin.previous())) {
      throw gap(transactions, head);
    }
    cut = false;
    open = begin.transaction();
    openRun = head.run();
    openOffsets = offsets();
    order = 0;
    transactions.take();
    applier.begin(open, begin.committedAt());
  }

  private void end(TopicRecord.End end) throws SQLException {
    place.read(end.end(), offsets());
    read = end.end();
    applier.commit(end.end());
  }

  private long[] offsets() {
    // Twice for each transaction, however small: java.util.stream took an eighth of this thread.
    long[] offsets = new long[queues.size()];
    for (int i = 0; i < offsets.length; i++) {
      offsets[i] = queues.get(i).nextOffset();
    }
    return offsets;
  }

  private RelayException gap(PartitionQueue queue, Fetched head) {
    return Topics.gap(
        admin,
        stream,
        topic,
        "after the commit at "
            + read
            + ": at offset "
            + head.offset()
            + " of partition "
            + queue.partition()
            + " it has "
            + found(head));
  }

  private String found(Fetched head) {
    TopicRecord what = head.what();
    if (what instanceof TopicRecord.Begin begin) {
      return "transaction " + begin.transaction() + " after " + begin.previous();
    }
    if (!applier.isOpen()) {
      return "a part of transaction " + what.transaction() + " without its beginning";
    }
    return (what instanceof TopicRecord.Row row
            ? "change " + row.order()
            : what instanceof TopicRecord.End end ? "the end with " + end.changes() : "a part")
        + " of transaction "
        + what.transaction()
        + " where change "
        + (order + 1)
        + " of "
        + open
        + " is due";
  }
}
