package dev.ficus.relay.internal.connect;

import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.capture.Capture;
import dev.ficus.relay.internal.capture.Change;
import dev.ficus.relay.internal.watch.WayOut;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Puts the source's transactions together again from a topic for each table and one of transactions
 * (rule R3).
 *
 * <ol>
 *   <li>The connector reads transactions in the order of their commits. It writes their ends into
 *       one partition, so in that order, each with the number of changes in each table.
 *   <li>A partition of a table's topic has a part of the table's changes in that order too. Nothing
 *       orders partitions among each other: a change may arrive long before its transaction's end,
 *       or after it.
 *   <li>So a transaction is handed on from its end: its changes are taken table by table in the
 *       order of their places in the table, which leave no number out, and between tables in the
 *       order of their places in the transaction. The next one of a table is always at the head of
 *       one of its partitions: nothing but heads has to be held, however large the transaction is.
 *   <li>Each change also says where the transaction before its own ended. At a head it thereby
 *       belongs to a transaction that is done, to this one, to a later one, or to one whose end
 *       never came; the last is a gap. The numbers of transactions that ended of late are kept, so
 *       that a change which comes late is known to belong to one of them.
 *   <li>The first transaction of a connector's life has none before it. Where the stream's own
 *       connector sent it, all of it stands before the position in the WAL; a slot that is made
 *       later sends nothing that stands before it was made. So a connector that began a new life
 *       shows by its first transaction, if that one has changes of the stream's tables.
 *   <li>A connector that starts again sends again what it sent before. Ends at or before the last
 *       one say so themselves; changes of transactions that are done, or at places that were taken,
 *       are left out. One that does not fit what was taken at its place is no repetition: the
 *       connector counted anew, and the stream stops.
 * </ol>
 */
final class TransactionMerge {

  private static final int MOST_HELD = 10_000;

  /** Of all partitions together. */
  private static final long MOST_CHARACTERS = 64L << 20;

  private static final int MOST_REMEMBERED = 20_000;

  private final StreamRow stream;
  private final Capture.Sink sink;
  private final Map<TableName, List<Queue>> queues = new LinkedHashMap<>();
  private final Map<TopicPartition, Queue> partitions = new LinkedHashMap<>();
  private final Deque<Ended> ends = new ArrayDeque<>();
  private final TopicPartition transactions;
  private final BiConsumer<Lsn, Map<TopicPartition, Long>> read;
  private final Lsn position;

  // The ends that came of late by their transactions' numbers: all of those after the horizon.
  private final LinkedHashMap<Long, Lsn> recent = new LinkedHashMap<>();
  private Lsn horizon;
  // The last end that came, and the transaction that it ended, where that was handed on.
  private Lsn last;
  private @Nullable Open done;
  private @Nullable Open current;
  private Change.@Nullable Deleted deleted;

  /**
   * @param tables the tables that the stream carries
   * @param transactions where transactions end
   * @param sink takes whole transactions
   * @param read told of each transaction that was read whole, before the sink is, and where what
   *     follows it begins
   */
  TransactionMerge(
      StreamRow stream,
      List<TableName> tables,
      TopicPartition transactions,
      Capture.Sink sink,
      BiConsumer<Lsn, Map<TopicPartition, Long>> read) {
    this.stream = stream;
    this.transactions = transactions;
    this.sink = sink;
    this.read = read;
    this.position = stream.position();
    // Before the first transaction the position is a snapshot's, and no transaction ended there.
    this.last = stream.transactions() > 0 ? position : Lsn.ZERO;
    this.horizon = last;
    tables.forEach(table -> queues.put(table, new ArrayList<>()));
  }

  private record Ended(ConnectRecord.End end, long offset) {}

  private record Held(ConnectRecord.Row row, long offset) {}

  /** What came of a partition and was not taken. */
  private static final class Queue {
    final ArrayDeque<Held> held = new ArrayDeque<>();
    long characters;
    long next;

    Queue(long next) {
      this.next = next;
    }

    void drop() {
      characters -= held.removeFirst().row().characters();
    }

    long offset() {
      return held.isEmpty() ? next : held.getFirst().offset();
    }
  }

  /** How much of a table's part in a transaction was taken. */
  private static final class Part {
    final long changes;
    long taken;
    Lsn lsn = Lsn.ZERO;

    Part(long changes) {
      this.changes = changes;
    }
  }

  /** A transaction that is being handed on. */
  private record Open(ConnectRecord.End end, long offset, Map<TableName, Part> parts) {

    Part part(TableName table) {
      return Objects.requireNonNull(parts.get(table));
    }
  }

  /** A partition is read from this offset on. */
  void open(TableName table, TopicPartition partition, long offset) {
    Queue queue = new Queue(offset);
    partitions.put(partition, queue);
    queuesOf(table).add(queue);
  }

  private List<Queue> queuesOf(TableName table) {
    return Objects.requireNonNull(queues.get(table));
  }

  private Queue queueOf(TopicPartition partition) {
    return Objects.requireNonNull(partitions.get(partition));
  }

  /** A record of a table's topic came, with a change or without. */
  void came(TopicPartition partition, long offset, Optional<ConnectRecord.Row> row) {
    Queue queue = queueOf(partition);
    queue.next = offset + 1;
    if (row.isPresent()) {
      queue.held.addLast(new Held(row.get(), offset));
      queue.characters += row.get().characters();
    }
  }

  /** A transaction's end came. */
  void ended(ConnectRecord.End end, long offset) {
    ends.addLast(new Ended(end, offset));
  }

  /** Whether enough is held of a partition for the while. */
  boolean isFull(TopicPartition partition) {
    if (partition.equals(transactions)) {
      return ends.size() >= MOST_HELD;
    }
    Queue queue = queueOf(partition);
    return queue.held.size() >= MOST_HELD || queue.characters > MOST_CHARACTERS / partitions.size();
  }

  /**
   * Hands on all that can be.
   *
   * @return whether that was anything
   * @throws RelayException naming a gap
   */
  boolean advance() throws Exception {
    boolean advanced = false;
    while (true) {
      Open open = current;
      if (open == null) {
        Ended ended = ends.pollFirst();
        if (ended == null) {
          queues.forEach((table, all) -> all.forEach(queue -> dropDone(table, queue)));
          return advanced;
        }
        begin(ended);
      } else if (open.parts().values().stream().allMatch(part -> part.taken == part.changes)) {
        finish(open);
        advanced = true;
      } else {
        Optional<Queue> next = next(open);
        if (next.isEmpty()) {
          return advanced;
        }
        take(open, next.get());
        advanced = true;
      }
    }
  }

  /** What the transaction that has begun lacks, if there is one. */
  Optional<String> lacking() {
    Open open = current;
    return open == null
        ? Optional.empty()
        : open.parts().entrySet().stream()
            .filter(part -> part.getValue().taken < part.getValue().changes)
            .map(part -> lacking(open, part.getKey(), part.getValue()))
            .findFirst();
  }

  private static String lacking(Open open, TableName table, Part part) {
    return "transaction "
        + open.end().xid()
        + ", which ended at "
        + open.end().end()
        + ", has "
        + part.changes
        + " changes of table "
        + table
        + ", of which "
        + part.taken
        + " came";
  }

  private void begin(Ended ended) throws Exception {
    ConnectRecord.End end = ended.end();
    if (last.hasReached(end.end())) {
      return;
    }
    remember(end);
    if (position.hasReached(end.end())) {
      // It is in the snapshot; what follows it is told by its end.
      last = end.end();
      return;
    }
    Map<TableName, Part> parts = new LinkedHashMap<>();
    for (TableName table : queues.keySet()) {
      parts.put(
          table, new Part(end.changes().getOrDefault(table.schema() + "." + table.name(), 0L)));
    }
    current = new Open(end, ended.offset(), parts);
    sink.begin(end.xid() + ":" + end.end().value(), end.committedAt());
  }

  private void remember(ConnectRecord.End end) {
    if (horizon.equals(Lsn.ZERO)) {
      horizon = end.end();
    }
    // The newest one of a number goes last: numbers come again after four thousand million.
    recent.remove(end.xid());
    recent.put(end.xid(), end.end());
    if (recent.size() > MOST_REMEMBERED) {
      Map.Entry<Long, Lsn> eldest = recent.entrySet().iterator().next();
      horizon = eldest.getValue();
      recent.remove(eldest.getKey());
    }
  }

  private void finish(Open open) throws Exception {
    handOnDeleted();
    // What is left of tables that it did not change has to belong to others.
    open.parts()
        .forEach(
            (table, part) ->
                queuesOf(table).forEach(queue -> dropRepeated(open, table, part, queue)));
    Map<TopicPartition, Long> offsets = new HashMap<>();
    offsets.put(transactions, open.offset() + 1);
    partitions.forEach((partition, queue) -> offsets.put(partition, queue.offset()));
    read.accept(open.end().end(), offsets);
    last = open.end().end();
    done = open;
    current = null;
    sink.commit(open.end().end());
  }

  /** Where the next change of a transaction is; empty where it has not come. */
  private Optional<Queue> next(Open open) {
    Queue first = null;
    for (Map.Entry<TableName, Part> entry : open.parts().entrySet()) {
      Part part = entry.getValue();
      if (part.taken == part.changes) {
        continue;
      }
      Queue queue = head(open, entry.getKey(), part);
      if (queue == null) {
        return Optional.empty();
      }
      if (first == null
          || queue.held.getFirst().row().place() < first.held.getFirst().row().place()) {
        first = queue;
      }
    }
    return Optional.ofNullable(first);
  }

  /** The partition whose head is the table's next change. */
  private @Nullable Queue head(Open open, TableName table, Part part) {
    boolean mayCome = queuesOf(table).isEmpty();
    for (Queue queue : queuesOf(table)) {
      dropRepeated(open, table, part, queue);
      Held head = queue.held.peekFirst();
      if (head == null) {
        mayCome = true;
      } else if (isOf(open, head.row()) && head.row().placeInTable() == part.taken + 1) {
        return queue;
      }
    }
    if (!mayCome) {
      throw gap(lacking(open, table, part) + ", and changes of later ones follow");
    }
    return null;
  }

  private static boolean isOf(Open open, ConnectRecord.Row row) {
    return row.xid() == open.end().xid() && !row.previous().hasReached(open.end().end());
  }

  private void dropRepeated(Open open, TableName table, Part part, Queue queue) {
    while (true) {
      dropDone(table, queue);
      if (queue.held.isEmpty()) {
        return;
      }
      ConnectRecord.Row row = queue.held.getFirst().row();
      if (row.previous().hasReached(open.end().end())) {
        return;
      }
      if (row.xid() != open.end().xid()) {
        throw endless(table, row);
      }
      if (row.placeInTable() > part.changes) {
        throw gap(lacking(open, table, part) + ", and one comes at place " + row.placeInTable());
      }
      if (row.placeInTable() > part.taken) {
        return;
      }
      verifyRepetition(open, table, row);
      queue.drop();
    }
  }

  /** Drops what belongs to transactions that have ended. */
  private void dropDone(TableName table, Queue queue) {
    while (!queue.held.isEmpty()) {
      ConnectRecord.Row row = queue.held.getFirst().row();
      if (row.previous().hasReached(last)) {
        return;
      }
      if (row.previous().equals(Lsn.ZERO) && !position.hasReached(row.lsn())) {
        throw gap(
            "a change of table "
                + table
                + " at "
                + row.lsn()
                + " has no commit before it in source.sequence: the connector began again without its offsets");
      }
      if (row.previous().hasReached(horizon) && !recent.containsKey(row.xid())) {
        throw endless(table, row);
      }
      verifyRepetition(done, table, row);
      queue.drop();
    }
  }

  private RelayException endless(TableName table, ConnectRecord.Row row) {
    return gap(
        "a change of table "
            + table
            + " at "
            + row.lsn()
            + " belongs to transaction "
            + row.xid()
            + ", whose end topic "
            + transactions.topic()
            + " does not have");
  }

  /** A place has one change for good: what comes again at it stands no later in the WAL. */
  private void verifyRepetition(@Nullable Open of, TableName table, ConnectRecord.Row row) {
    if (of == null || row.xid() != of.end().xid()) {
      return;
    }
    Part part = of.part(table);
    if (row.placeInTable() > part.taken || !part.lsn.hasReached(row.lsn())) {
      throw gap(
          "a change of table "
              + table
              + " at "
              + row.lsn()
              + " comes at place "
              + row.placeInTable()
              + " of transaction "
              + row.xid()
              + ", which has had another: the connector counted anew");
    }
  }

  private void take(Open open, Queue queue) throws Exception {
    ConnectRecord.Row row = queue.held.getFirst().row();
    queue.drop();
    Part part = open.part(row.table());
    part.taken++;
    part.lsn = row.lsn();
    Change change = row.content().change();
    if (deleted != null
        && change instanceof Change.Written written
        && written.inserted()
        && written.table().equals(deleted.table())
        && written.lsn().equals(deleted.lsn())) {
      // One record of the WAL: an update that changed the row's key, which Debezium splits.
      Change.Deleted before = deleted;
      deleted = null;
      sink.change(
          new Change.Written(written.table(), written.lsn(), written.image(), before.key(), false));
      return;
    }
    handOnDeleted();
    if (change instanceof Change.Deleted went) {
      deleted = went;
    } else {
      sink.change(change);
    }
  }

  private void handOnDeleted() throws Exception {
    Change.Deleted went = deleted;
    if (went != null) {
      deleted = null;
      sink.change(went);
    }
  }

  private RelayException gap(String found) {
    return RelayException.stop(
        "the topics of Kafka Connect that stream "
            + stream.name()
            + " reads have a gap after the commit at "
            + last
            + ": "
            + found,
        "raise the topics' retention if they let go of what was not applied yet; what is missing cannot be had any more: "
            + WayOut.of(stream));
  }
}
