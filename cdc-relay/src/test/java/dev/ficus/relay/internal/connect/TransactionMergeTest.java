package dev.ficus.relay.internal.connect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.core.Via;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.capture.Capture;
import dev.ficus.relay.internal.capture.Change;
import dev.ficus.relay.internal.capture.RowKey;
import dev.ficus.relay.internal.ddl.Addition;
import dev.ficus.relay.internal.shape.CarriedColumn;
import dev.ficus.relay.internal.shape.TableShape;
import dev.ficus.testkit.Rule;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random connectors that start again, brokers that lose records, and appliers that die. */
@Rule("R3")
class TransactionMergeTest {

  private static final int RUNS = 400;
  private static final TopicPartition ENDS = new TopicPartition("p.transaction", 0);
  private static final List<TableName> TABLES =
      List.of(new TableName("s", "a"), new TableName("s", "b"), new TableName("s", "c"));

  /** A record as it stands in a partition. */
  private record Published(TopicPartition partition, ConnectRecord record) {}

  /** A source transaction and what the connector makes of it. */
  private record Source(ConnectRecord.End end, List<Published> records) {}

  /** What one transaction brought to the target: where each of its changes stands. */
  private record Applied(Lsn end, List<Lsn> changes) {}

  private static final class Target implements Capture.Sink {
    final List<Applied> applied = new ArrayList<>();
    private List<Lsn> open = new ArrayList<>();
    private boolean begun;

    @Override
    public void begin(String transaction, Instant committedAt) {
      assertThat(begun).isFalse();
      begun = true;
      open = new ArrayList<>();
    }

    @Override
    public void change(Change change) {
      open.add(change.lsn());
    }

    @Override
    public void add(Addition addition) {
      throw new AssertionError("nothing adds columns here");
    }

    @Override
    public void commit(Lsn end) {
      begun = false;
      applied.add(new Applied(end, open));
    }

    @Override
    public Lsn flush() {
      return Lsn.ZERO;
    }

    @Override
    public Lsn durable() {
      return Lsn.ZERO;
    }
  }

  private static TableShape shape(TableName table) {
    return new TableShape(
        table, table, List.of(new CarriedColumn("id", "int")), List.of(0), true, Optional.empty());
  }

  private static TopicPartition partition(TableName table, int number) {
    return new TopicPartition("p." + table, number);
  }

  /** Transactions whose changes lie among each other in the WAL, in the order of their commits. */
  private static List<Source> sources(Random random) {
    List<Source> sources = new ArrayList<>();
    long end = 1000;
    Lsn previous = new Lsn(900);
    for (int i = 0; i < 30; i++) {
      end += 1000;
      long xid = 5000 + (i * 7L) % 31;
      int changes = random.nextInt(4) == 0 ? 0 : random.nextInt(6);
      Map<TableName, Long> places = new HashMap<>();
      List<Published> records = new ArrayList<>();
      long lsn = end - 1 - random.nextInt(3000);
      for (int place = 1; place <= changes; place++) {
        TableName table = TABLES.get(random.nextInt(TABLES.size()));
        lsn += random.nextInt(3);
        lsn = Math.min(lsn, end - 1);
        records.add(
            new Published(
                partition(table, random.nextInt(2)),
                new ConnectRecord.Row(
                    xid,
                    previous,
                    place,
                    places.merge(table, 1L, Long::sum),
                    table,
                    new Lsn(lsn),
                    new ConnectRecord.Content.Read(
                        new Change.Deleted(
                            shape(table), new Lsn(lsn), new RowKey(List.of("" + place)))),
                    10)));
      }
      Map<String, Long> counts = new HashMap<>();
      places.forEach((table, count) -> counts.put(table.toString(), count));
      ConnectRecord.End ended = new ConnectRecord.End(xid, new Lsn(end), Instant.EPOCH, counts);
      records.add(new Published(ENDS, ended));
      sources.add(new Source(ended, records));
      previous = new Lsn(end);
    }
    return sources;
  }

  /** The connector dies now and then, and sends again what it had sent since an earlier time. */
  private static Map<TopicPartition, List<ConnectRecord>> publish(
      List<Source> sources, Random random) {
    List<Published> all = sources.stream().flatMap(source -> source.records().stream()).toList();
    Map<TopicPartition, List<ConnectRecord>> topics = new LinkedHashMap<>();
    topics.put(ENDS, new ArrayList<>());
    for (TableName table : TABLES) {
      topics.put(partition(table, 0), new ArrayList<>());
      topics.put(partition(table, 1), new ArrayList<>());
    }
    int at = 0;
    int restarts = random.nextInt(4);
    while (at < all.size()) {
      Published next = all.get(at++);
      topics.getOrDefault(next.partition(), List.of()).add(next.record());
      if (restarts > 0 && random.nextInt(all.size() / 3) == 0) {
        restarts--;
        at = random.nextInt(at + 1);
      }
    }
    return topics;
  }

  private static StreamRow stream(Lsn position, long transactions) {
    return new StreamRow(
        new StreamName("orders.forward"),
        new GroupName("orders"),
        Direction.FORWARD,
        "shared",
        Epoch.FIRST,
        "slot",
        "publication",
        true,
        false,
        Via.CONNECT,
        StreamState.STREAMING,
        Optional.empty(),
        position,
        Optional.empty(),
        Optional.empty(),
        0,
        Optional.empty(),
        0,
        transactions,
        0,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of());
  }

  /** Where the target's commits have left the stream. */
  private static final class Position {
    Lsn position;
    long transactions;
    final Map<TopicPartition, Long> offsets = new HashMap<>();

    Position(Lsn position, Set<TopicPartition> partitions) {
      this.position = position;
      partitions.forEach(partition -> offsets.put(partition, 0L));
    }
  }

  /** One run of an applier, which dies after some records. */
  private static void run(
      Map<TopicPartition, List<ConnectRecord>> topics,
      Position at,
      Target target,
      Random random,
      int life)
      throws Exception {
    Map<TopicPartition, Long> read = new HashMap<>(at.offsets);
    TransactionMerge merge =
        new TransactionMerge(
            stream(at.position, at.transactions),
            TABLES,
            ENDS,
            target,
            (end, offsets) -> {
              at.position = end;
              at.transactions++;
              at.offsets.putAll(offsets);
            });
    for (TableName table : TABLES) {
      for (int number = 0; number < 2; number++) {
        merge.open(
            table, partition(table, number), read.getOrDefault(partition(table, number), 0L));
      }
    }
    List<TopicPartition> partitions = new ArrayList<>(topics.keySet());
    for (int step = 0; step < life && !partitions.isEmpty(); step++) {
      TopicPartition partition = partitions.get(random.nextInt(partitions.size()));
      long offset = read.getOrDefault(partition, 0L);
      List<ConnectRecord> records = topics.getOrDefault(partition, List.of());
      if (offset == records.size()) {
        partitions.remove(partition);
        continue;
      }
      ConnectRecord record = records.get((int) offset);
      read.put(partition, offset + 1);
      if (record instanceof ConnectRecord.End end) {
        merge.ended(end, offset);
      } else {
        merge.came(partition, offset, Optional.of((ConnectRecord.Row) record));
      }
      if (random.nextInt(3) == 0) {
        merge.advance();
      }
    }
    merge.advance();
  }

  private static List<Applied> expected(List<Source> sources, Lsn position) {
    return sources.stream()
        .filter(source -> !position.hasReached(source.end().end()))
        .map(
            source ->
                new Applied(
                    source.end().end(),
                    source.records().stream()
                        .filter(it -> it.record() instanceof ConnectRecord.Row)
                        .map(it -> ((ConnectRecord.Row) it.record()).lsn())
                        .toList()))
        .toList();
  }

  @Test
  void shouldHandOnEachTransactionOnceAndWhole() throws Exception {
    for (int seed = 0; seed < RUNS; seed++) {
      Random random = new Random(seed);
      List<Source> sources = sources(random);
      Map<TopicPartition, List<ConnectRecord>> topics = publish(sources, random);
      // A snapshot's consistent point lies between two commits, after the handshake's.
      Lsn snapshot = new Lsn(sources.get(2).end().end().value() + random.nextInt(999));
      Position at = new Position(snapshot, topics.keySet());
      Target target = new Target();
      for (int life = 0; life < 5; life++) {
        run(topics, at, target, random, random.nextInt(60));
        target.begun = false;
      }
      run(topics, at, target, random, Integer.MAX_VALUE);

      assertThat(target.applied).as("seed %s", seed).isEqualTo(expected(sources, snapshot));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @Rule("R7")
  void shouldHandOnNothingWrongWhereARecordIsLost(boolean ofATransactionsEnd) throws Exception {
    int noticed = 0;
    for (int seed = 0; seed < RUNS; seed++) {
      Random random = new Random(seed);
      List<Source> sources = sources(random);
      Map<TopicPartition, List<ConnectRecord>> topics = publish(sources, random);
      Lsn snapshot = new Lsn(sources.get(2).end().end().value() + 1);
      Source lost = sources.get(3 + random.nextInt(20));
      if (lost.records().size() == 1) {
        continue;
      }
      Published record =
          lost.records()
              .get(
                  ofATransactionsEnd
                      ? lost.records().size() - 1
                      : random.nextInt(lost.records().size() - 1));
      topics.getOrDefault(record.partition(), List.of()).removeIf(it -> it.equals(record.record()));
      Position at = new Position(snapshot, topics.keySet());
      Target target = new Target();
      boolean gap = false;
      try {
        run(topics, at, target, random, Integer.MAX_VALUE);
      } catch (RelayException e) {
        assertThat(e.what()).contains("have a gap after the commit at");
        gap = true;
      }

      List<Applied> expected = expected(sources, snapshot);
      Set<Lsn> before = new HashSet<>();
      for (Applied applied : expected) {
        if (applied.end().equals(lost.end().end())) {
          break;
        }
        before.add(applied.end());
      }
      if (gap) {
        noticed++;
      }
      if (!ofATransactionsEnd) {
        assertThat(target.applied)
            .as("seed %s: all before what is lost, and nothing after it", seed)
            .isEqualTo(expected.subList(0, before.size()));
      } else {
        assertThat(gap).as("seed %s", seed).isTrue();
        assertThat(expected).as("seed %s", seed).containsAll(target.applied);
      }
    }
    assertThat(noticed).isGreaterThan(RUNS / 4);
  }
}
