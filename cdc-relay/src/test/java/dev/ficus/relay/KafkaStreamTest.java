package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.postgres.Slots;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestKafka;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A stream over Kafka while nothing goes wrong. */
@Rule({"R2", "R3", "R4"})
class KafkaStreamTest extends SlotStreamContract {

  @Override
  TwoSides travelling(TwoSides sides) {
    return sides.over(KafkaCluster.of(TestKafka.shared().bootstrapServers()));
  }

  @Test
  void shouldBeRunByOneRelayThatPublishesAndAnotherThatApplies() {
    sides.request("item", "line");
    Relay applying =
        sides.relay(RelaySettings.DEFAULTS, FaultPoints.NONE, EnumSet.of(RelayRole.APPLY));
    sides.awaitStreaming();
    sides.relay(RelaySettings.DEFAULTS, FaultPoints.NONE, EnumSet.of(RelayRole.PUBLISH));
    sides.shared.execute(
        "insert into public.item (code) select 'c' || i from generate_series(1, 1000) i");
    sides.awaitCaughtUp();
    sides.assertEqual("item");

    applying.close();
    sides.shared.execute("update public.item set note = 'published while nobody applies'");
    sides.awaitAcknowledged();
    assertThat(sides.rows(sides.service, "item").toString()).doesNotContain("nobody");

    sides.relay(RelaySettings.DEFAULTS, FaultPoints.NONE, EnumSet.of(RelayRole.APPLY));
    sides.awaitCaughtUp();
    sides.assertEqual("item");
  }

  @Test
  void shouldRemoveTheTopicOfAStreamThatHasEnded() {
    sides.request("item", "line");
    sides.relay();
    sides.awaitStreaming();
    sides.awaitCaughtUp();
    String topic = sides.service.queryOne("select topic from ficus.stream_topic");
    assertThat(TestKafka.shared().topics()).contains(topic);

    sides.streams.stop(TwoSides.FORWARD);
    new Slots(sides.source).drop(sides.row().slot(), Duration.ofSeconds(20));
    sides.streams.remove(TwoSides.FORWARD);

    sides.service.await("select count(*) from ficus.stream_topic", "0");
    assertThat(TestKafka.shared().topics()).doesNotContain(topic);
  }

  @Test
  void shouldReadNothingOfAnEarlierStreamWhenRequestedAgain() {
    sides.shared.execute("insert into public.item (code) values ('a')");
    sides.request("item", "line");
    sides.relay();
    sides.awaitStreaming();
    sides.shared.execute("update public.item set note = 'first'");
    sides.awaitCaughtUp();
    sides.streams.stop(TwoSides.FORWARD);
    sides.shared.execute(
        "update public.item set note = 'between'; delete from public.item where code = 'a'; insert into public.item (code) values ('z')");

    sides.request("item", "line");
    sides.awaitStreaming();
    sides.shared.execute("update public.item set note = 'second'");
    sides.awaitCaughtUp();

    sides.assertEqual("item", "line");
    sides.service.await("select count(*) from ficus.stream_topic", "1");
    assertThat(List.of(sides.row().failure())).allMatch(java.util.Optional::isEmpty);
  }
}
