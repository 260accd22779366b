package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.postgres.Marker;
import dev.ficus.testkit.Rule;
import org.junit.jupiter.api.Test;

/** Topics that lost something, or that somebody altered: each stops its stream by name. */
@Rule({"R3", "R7", "R21"})
class KafkaGapTest extends GapSides {

  KafkaGapTest() {
    super(1);
  }

  @Test
  void shouldRefuseATopicThatLetGoOfWhatWasNotApplied() throws Exception {
    applying.close();
    sides.shared.execute("update public.t set n = 1");
    sides.awaitAcknowledged();
    broker.letGo(topic(), 0);
    sides.shared.execute("update public.t set n = 2 where id = 1");

    apply();

    assertThat(sides.awaitFailed().failure())
        .hasValueSatisfying(
            failure ->
                assertThat(failure)
                    .contains("topic " + topic() + " of stream orders.forward has a gap after"));
    assertThat(sides.service.queryOne("select max(n) from public.t")).isEqualTo("0");
  }

  @Test
  void shouldGoOnWithATopicThatLetGoOfWhatWasApplied() throws Exception {
    sides.shared.execute("update public.t set n = 1");
    sides.awaitCaughtUp();
    applying.close();
    // Idle transactions that follow are let go unread; only those that change nothing stand there.
    long end =
        Long.parseLong(sides.service.queryOne("select next_offsets[1] from ficus.stream_topic"));
    broker.letGo(topic(), 0, end);

    apply();
    sides.shared.execute("update public.t set n = 2");
    sides.awaitCaughtUp();

    sides.assertEqual("t");
  }

  @Test
  void shouldRefuseATopicThatWasMadeAnew() throws Exception {
    broker.makeAnew(topic());

    assertThat(sides.awaitFailed().failure())
        .hasValueSatisfying(
            failure -> assertThat(failure).containsAnyOf("was deleted and made anew", "is gone"));
  }

  @Test
  void shouldRefuseASecondPartition() throws Exception {
    broker.addPartition(topic(), 2);

    assertThat(sides.awaitFailed().failure())
        .hasValueSatisfying(failure -> assertThat(failure).contains("has 2 partitions now"));
  }

  @Test
  void shouldRefuseASlotThatWasAdvancedPastTheTopic() {
    sides.stopRelays();
    sides.shared.execute("update public.t set n = 1");
    Marker.write(sides.source);
    sides.shared.execute(
        "select pg_replication_slot_advance('%s', pg_current_wal_flush_lsn())"
            .formatted(sides.row().slot()));

    sides.relay();

    assertThat(sides.awaitFailed().failure())
        .hasValueSatisfying(
            failure -> assertThat(failure).contains("the changes between are lost to it"));
  }

  @Test
  void shouldNoticeARecordThatNobodyOfFicusWrote() throws Exception {
    broker.write(topic(), 0, "{\"op\":\"c\",\"after\":{\"id\":\"1000\"}}");

    assertThat(sides.awaitFailed().failure())
        .hasValueSatisfying(
            failure ->
                assertThat(failure).contains("of topic " + topic() + " names no transaction"));
  }
}
