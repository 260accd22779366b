package dev.ficus.relay.internal.kafka;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * What was fetched of one partition and is not taken yet: other threads decode it, one at a time
 * and in its order, while what is in front of it is applied.
 */
final class PartitionQueue {

  private static final int CHUNK = 512;

  private final int partition;
  private final boolean oneOfSeveral;
  private final long mostBytes;
  private final EnvelopeReader envelopes;
  private final Executor decoders;

  private final Deque<CompletableFuture<List<Fetched>>> chunks = new ArrayDeque<>();
  private CompletableFuture<List<Fetched>> last = CompletableFuture.completedFuture(List.of());
  private List<Fetched> current = List.of();
  private int index;
  private long bytes;
  private long nextOffset;

  /**
   * @param oneOfSeveral whether its topic has more than this one
   * @param nextOffset what it begins with
   * @param mostBytes how much of it is wanted at once
   * @param envelopes a reader of its own
   */
  PartitionQueue(
      int partition,
      boolean oneOfSeveral,
      long nextOffset,
      long mostBytes,
      EnvelopeReader envelopes,
      Executor decoders) {
    this.partition = partition;
    this.oneOfSeveral = oneOfSeveral;
    this.nextOffset = nextOffset;
    this.mostBytes = mostBytes;
    this.envelopes = envelopes;
    this.decoders = decoders;
  }

  /**
   * A record and where it stands.
   *
   * @param run which run of a publisher wrote it; zero where the topic has one partition
   * @param echo whether it repeats another one for others, and is not to be applied
   */
  record Fetched(TopicRecord what, long run, boolean echo, long offset, int bytes) {}

  int partition() {
    return partition;
  }

  /** The offset that follows the last record taken. */
  long nextOffset() {
    return nextOffset;
  }

  /** Whether it holds so much that no more is to be fetched of it; one that is empty never does. */
  boolean isFull() {
    return bytes >= mostBytes;
  }

  void add(List<ConsumerRecord<byte[], byte[]>> records) {
    for (int from = 0; from < records.size(); from += CHUNK) {
      List<ConsumerRecord<byte[], byte[]>> chunk =
          records.subList(from, Math.min(records.size(), from + CHUNK));
      last = last.thenApplyAsync(before -> decode(chunk), decoders);
      chunks.add(last);
    }
    for (ConsumerRecord<byte[], byte[]> record : records) {
      bytes += bytes(record);
    }
  }

  /** What comes next, if anything of it is fetched. */
  @Nullable Fetched head() {
    while (index == current.size()) {
      CompletableFuture<List<Fetched>> chunk = chunks.poll();
      if (chunk == null) {
        return null;
      }
      current = decoded(chunk);
      index = 0;
    }
    return current.get(index);
  }

  /** Takes what {@link #head} returned. */
  void take() {
    Fetched taken = current.get(index++);
    bytes -= taken.bytes();
    nextOffset = taken.offset() + 1;
  }

  /** Forgets what it holds: it is fetched again from an offset on. */
  void restart(long offset) {
    chunks.clear();
    current = List.of();
    index = 0;
    bytes = 0;
    nextOffset = offset;
  }

  private static List<Fetched> decoded(CompletableFuture<List<Fetched>> chunk) {
    try {
      return chunk.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  private List<Fetched> decode(List<ConsumerRecord<byte[], byte[]>> records) {
    List<Fetched> decoded = new ArrayList<>(records.size());
    for (ConsumerRecord<byte[], byte[]> record : records) {
      TopicRecord what = envelopes.read(record);
      if (partition != 0
          && (what instanceof TopicRecord.Begin || what instanceof TopicRecord.End)) {
        throw EnvelopeReader.strange(
            record, "is where a transaction begins or ends, which partition 0 alone tells");
      }
      decoded.add(
          new Fetched(
              what,
              oneOfSeveral ? run(record) : 0,
              oneOfSeveral && record.headers().lastHeader(TopicRecord.ECHO_HEADER) != null,
              record.offset(),
              bytes(record)));
    }
    return decoded;
  }

  private static long run(ConsumerRecord<byte[], byte[]> record) {
    Header run = record.headers().lastHeader(TopicRecord.RUN_HEADER);
    if (run == null) {
      throw EnvelopeReader.strange(record, "has no header " + TopicRecord.RUN_HEADER);
    }
    try {
      return Long.parseLong(new String(run.value(), StandardCharsets.UTF_8));
    } catch (NumberFormatException e) {
      throw EnvelopeReader.strange(
          record, "has a header " + TopicRecord.RUN_HEADER + " that is no number");
    }
  }

  private static int bytes(ConsumerRecord<byte[], byte[]> record) {
    return Math.max(0, record.serializedKeySize()) + Math.max(0, record.serializedValueSize());
  }
}
