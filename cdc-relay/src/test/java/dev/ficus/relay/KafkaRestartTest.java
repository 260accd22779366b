package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.postgres.StreamState;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestKafka;
import org.junit.jupiter.api.Test;

/** A broker that goes away while a stream runs. */
@Rule({"R3", "R4", "R21"})
class KafkaRestartTest {

  @Test
  void shouldSayThatItWaitsForABrokerAndGoOnWhenItIsBack() {
    try (TestKafka kafka = TestKafka.start();
        TwoSides sides =
            new TwoSides("create table public.t (id int primary key, n int)")
                .over(KafkaCluster.of(kafka.bootstrapServers()))) {
      sides.shared.execute("insert into public.t select i, 0 from generate_series(1, 1000) i");
      sides.request("t");
      sides.relay();
      sides.awaitStreaming();
      sides.shared.execute("update public.t set n = n + 1");
      sides.awaitCaughtUp();

      kafka.stopBroker();
      sides.shared.execute("update public.t set n = n + 1");
      sides.service.await(
          "select count(*) from ficus.stream_watch where last_retry like '%Kafka%'", "1");
      assertThat(sides.row().state()).isEqualTo(StreamState.STREAMING);
      kafka.startBroker();
      sides.shared.execute("update public.t set n = n + 1 where id < 10");
      sides.awaitCaughtUp();

      sides.assertEqual("t");
    }
  }
}
