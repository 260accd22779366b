package dev.ficus.relay;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.testkit.TestKafka;
import java.util.EnumSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Two sides with a stream through a topic that a broker of the test's can damage. */
abstract class GapSides {

  final Broker broker = new Broker(TestKafka.shared());
  TwoSides sides;
  Relay applying;

  private final int partitions;

  GapSides(int partitions) {
    this.partitions = partitions;
  }

  @BeforeEach
  void createSides() {
    sides =
        new TwoSides("create table public.t (id int primary key, n int)")
            .over(KafkaCluster.of(TestKafka.shared().bootstrapServers()), partitions);
    sides.shared.execute("insert into public.t select i, 0 from generate_series(1, 100) i");
    sides.request("t");
    applying = sides.relay(RelaySettings.DEFAULTS, FaultPoints.NONE, EnumSet.of(RelayRole.APPLY));
    sides.relay(RelaySettings.DEFAULTS, FaultPoints.NONE, EnumSet.of(RelayRole.PUBLISH));
    sides.awaitStreaming();
    sides.awaitCaughtUp();
  }

  @AfterEach
  void dropSides() {
    sides.close();
    broker.close();
  }

  String topic() {
    return sides.service.queryOne("select topic from ficus.stream_topic");
  }

  void apply() {
    sides.relay(RelaySettings.DEFAULTS, FaultPoints.NONE, EnumSet.of(RelayRole.APPLY));
  }
}
