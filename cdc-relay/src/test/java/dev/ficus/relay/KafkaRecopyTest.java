package dev.ficus.relay;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestKafka;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;

/** The same over Kafka: the half that applies publishes up to the snapshot as well. */
@Rule("R4")
class KafkaRecopyTest extends RecopyTest {

  @Override
  TwoSides travelling(TwoSides made) {
    return made.over(KafkaCluster.of(TestKafka.shared().bootstrapServers()), 2);
  }

  @Test
  void shouldTakeTheTopicFromAPublisherOfAnotherRelay() {
    Traffic traffic = new Traffic(sides.shared, sides.service);
    traffic.fill(1000);
    sides.request(Traffic.TABLES);
    sides.relay(SETTINGS, FaultPoints.NONE, EnumSet.of(RelayRole.PUBLISH));
    sides.relay(SETTINGS, FaultPoints.NONE, EnumSet.of(RelayRole.APPLY));
    sides.awaitStreaming();
    try (traffic) {
      traffic.start(2);
      sides.service.execute("set session_replication_role = replica; truncate public.item");
      recopy("item");
      sides.awaitStreaming();
      traffic.stop();
    }
    sides.awaitCaughtUp();

    sides.assertEqual(Traffic.TABLES);
  }
}
