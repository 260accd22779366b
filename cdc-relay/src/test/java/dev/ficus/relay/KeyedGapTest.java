package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.testkit.Rule;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Topics of four partitions, one of which lost something or was added to. */
@Rule({"R3", "R7", "R21"})
class KeyedGapTest extends GapSides {

  private static final int PARTITIONS = 4;

  KeyedGapTest() {
    super(PARTITIONS);
  }

  private void assertGap() {
    assertThat(sides.awaitFailed().failure())
        .hasValueSatisfying(
            failure ->
                assertThat(failure)
                    .contains("topic " + topic() + " of stream orders.forward has a gap after"));
    assertThat(sides.service.queryOne("select max(n) from public.t")).isEqualTo("0");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void shouldRefuseATopicOneOfWhosePartitionsLetGoOfWhatWasNotApplied(int partition)
      throws Exception {
    applying.close();
    sides.shared.execute("update public.t set n = 1");
    sides.awaitAcknowledged();
    broker.letGo(topic(), partition);
    sides.shared.execute("update public.t set n = 2");

    apply();

    assertGap();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void shouldRefuseItWhenNothingMoreComesOfThatPartition(int partition) throws Exception {
    applying.close();
    sides.shared.execute("update public.t set n = 1");
    sides.awaitAcknowledged();
    broker.letGo(topic(), partition);

    apply();

    assertGap();
  }

  @Test
  void shouldGoOnWhereEachPartitionLetGoOfWhatWasApplied() throws Exception {
    sides.shared.execute("update public.t set n = 1");
    sides.awaitCaughtUp();
    applying.close();
    List<String> ends = sides.service.query("select unnest(next_offsets) from ficus.stream_topic");
    for (int partition = 0; partition < PARTITIONS; partition++) {
      broker.letGo(topic(), partition, Long.parseLong(ends.get(partition)));
    }
    // No change lies in these: what ended there, a Kafka transaction's own record, goes as well.
    for (int partition = 1; partition < PARTITIONS; partition++) {
      broker.letGo(topic(), partition);
    }

    apply();
    sides.shared.execute("update public.t set n = 2");
    sides.awaitCaughtUp();

    sides.assertEqual("t");
  }

  @Test
  void shouldRefuseAFifthPartition() throws Exception {
    broker.addPartition(topic(), PARTITIONS + 1);

    assertThat(sides.awaitFailed().failure())
        .hasValueSatisfying(
            failure -> assertThat(failure).contains("has 5 partitions now, and was made with 4"));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3})
  void shouldNoticeARecordThatNobodyOfFicusWrote(int partition) throws Exception {
    broker.write(topic(), partition, "{\"op\":\"c\",\"after\":{\"id\":\"1000\"}}");

    assertThat(sides.awaitFailed().failure())
        .hasValueSatisfying(
            failure ->
                assertThat(failure)
                    .contains(
                        "in partition "
                            + partition
                            + " of topic "
                            + topic()
                            + " names no transaction"));
  }
}
