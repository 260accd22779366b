package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.postgres.Marker;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestKafka;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same over a topic of four partitions. */
@Rule({"R2", "R3", "R4"})
class KeyedStreamTest extends KafkaStreamTest {

  private static final int PARTITIONS = 4;

  @Override
  TwoSides travelling(TwoSides sides) {
    return sides.over(KafkaCluster.of(TestKafka.shared().bootstrapServers()), PARTITIONS);
  }

  private String topic() {
    return sides.service.queryOne("select topic from ficus.stream_topic");
  }

  /** What is in each partition, in its order: its op, and the key that it is about. */
  private List<List<String>> told() {
    try (Broker broker = new Broker(TestKafka.shared())) {
      return IntStream.range(0, PARTITIONS)
          .mapToObj(
              partition ->
                  broker.records(topic(), partition).stream()
                      .filter(record -> !text(record.value()).contains("\"status\""))
                      .map(KeyedStreamTest::told)
                      .toList())
          .toList();
    }
  }

  private static String told(ConsumerRecord<byte[], byte[]> record) {
    return text(record.value()).replaceAll(".*\"op\":\"(.)\".*", "$1")
        + (record.key() == null ? "" : " " + text(record.key()))
        + (record.headers().lastHeader("ficus.echo") == null ? "" : " echo");
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private void follow() {
    sides.request("item", "line");
    sides.relay();
    sides.awaitStreaming();
    sides.awaitCaughtUp();
  }

  @Test
  void shouldHaveAllChangesOfARowInOnePartition() {
    follow();
    sides.shared.execute(
        "insert into public.item (code) select 'c' || i from generate_series(1, 200) i");
    sides.shared.execute("update public.item set note = 'x'; delete from public.item");
    sides.awaitCaughtUp();

    List<List<String>> told = told();
    assertThat(told).allSatisfy(partition -> assertThat(partition).hasSizeGreaterThan(60));
    for (int id = 1; id <= 200; id++) {
      String key = " {\"id\":\"" + id + "\"}";
      assertThat(told).filteredOn(partition -> partition.contains("c" + key)).hasSize(1);
      assertThat(told)
          .flatExtracting(
              partition -> partition.stream().filter(line -> line.endsWith(key)).toList())
          .containsExactly("c" + key, "u" + key, "d" + key);
    }
    assertThat(sides.row().changes()).isEqualTo(600);
  }

  @Test
  void shouldTellOfAChangedKeyWhereItWasAndWhereItIs() {
    sides.shared.execute("insert into public.line select i, 0 from generate_series(1, 40) i");
    follow();
    sides.shared.execute("update public.line set n = item");
    sides.awaitCaughtUp();

    sides.assertEqual("line");
    List<List<String>> told = told();
    for (int item = 1; item <= 40; item++) {
      String before = "d {\"n\":\"0\",\"item\":\"" + item + "\"} echo";
      String after = "u {\"n\":\"" + item + "\",\"item\":\"" + item + "\"}";
      assertThat(told).filteredOn(partition -> partition.contains(before)).hasSize(1);
      assertThat(told).filteredOn(partition -> partition.contains(after)).hasSize(1);
      assertThat(told)
          .filteredOn(partition -> partition.contains(before) && partition.contains(after))
          .allSatisfy(
              partition ->
                  assertThat(partition.indexOf(before)).isLessThan(partition.indexOf(after)));
    }
    assertThat(sides.row().changes()).isEqualTo(40);
  }

  @Test
  void shouldTellOfATruncateInEveryPartition() {
    sides.shared.execute("insert into public.item (code) values ('a'), ('b'), ('c')");
    follow();
    sides.shared.execute("truncate public.item; insert into public.item (code) values ('e')");
    sides.awaitCaughtUp();

    sides.assertEqual("item");
    List<List<String>> told = told();
    assertThat(told.get(0)).contains("t").doesNotContain("t echo");
    assertThat(told.subList(1, PARTITIONS))
        .allSatisfy(partition -> assertThat(partition).contains("t echo").doesNotContain("t"));
    assertThat(sides.row().changes()).isEqualTo(2);
  }

  @Test
  void shouldMoveTheOffsetsOfAllPartitionsWithThePosition() {
    follow();
    sides.shared.execute(
        "insert into public.item (code) select 'c' || i from generate_series(1, 200) i");
    sides.awaitCaughtUp();
    sides.stopRelays();

    List<Long> lasts = new ArrayList<>();
    try (Broker broker = new Broker(TestKafka.shared())) {
      for (int partition = 1; partition < PARTITIONS; partition++) {
        List<ConsumerRecord<byte[], byte[]>> records = broker.records(topic(), partition);
        lasts.add(records.get(records.size() - 1).offset() + 1);
      }
    }
    assertThat(sides.service.query("select unnest(next_offsets[2:]) from ficus.stream_topic"))
        .isEqualTo(lasts.stream().map(String::valueOf).toList());
  }

  /** All of it is published before a relay of 192 MB begins to read it. */
  @Test
  void shouldLetATransactionThroughThatIsLargerThanItsMemory(@TempDir Path folder)
      throws Exception {
    sides.request("item", "line");
    try (Relay copying =
        sides.relay(RelaySettings.DEFAULTS, FaultPoints.NONE, EnumSet.of(RelayRole.APPLY))) {
      sides.awaitStreaming();
      assertThat(copying).isNotNull();
    }
    sides.relay(RelaySettings.DEFAULTS, FaultPoints.NONE, EnumSet.of(RelayRole.PUBLISH));
    sides.shared.execute(
        "insert into public.item (code, note) select 'c' || i, repeat(md5(i::text), 60) from generate_series(1, 100000) i");
    sides.awaitAcknowledged();

    try (RelayProcess relay = RelayProcess.start(sides, folder.resolve("relay.log").toFile())) {
      sides.streams.awaitPosition(
          TwoSides.FORWARD, Marker.write(sides.source), Duration.ofMinutes(5));
      assertThat(relay.isAlive()).isTrue();
    }

    String sums = "select count(*) || ' ' || sum(hashtextextended(i::text, 0)) from public.item i";
    assertThat(sides.service.queryOne(sums)).isEqualTo(sides.shared.queryOne(sums));
    assertThat(sides.row().changes()).isEqualTo(100_000);
  }
}
