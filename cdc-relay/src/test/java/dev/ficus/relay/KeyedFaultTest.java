package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.FaultPoints;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.Rule;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

/** The same over a topic of four partitions. */
@Rule({"R3", "R4"})
class KeyedFaultTest extends KafkaFaultTest {

  @Override
  int partitions() {
    return 4;
  }

  @Test
  void shouldPassOverWhatPublishersLeftThatDiedInTheMiddleOfATransaction() {
    try (Relay applying = sides.relay(RelaySettings.DEFAULTS, FaultPoints.NONE, APPLY)) {
      sides.awaitStreaming();
      assertThat(applying).isNotNull();
    }
    FaultScript faults = new FaultScript();
    for (int occurrence : new int[] {2, 5, 9}) {
      faults.run(
          "relay.publish.after-commit",
          occurrence,
          () -> {
            throw new TimeoutException("died in the middle");
          });
    }
    sides.relay(SMALL, faults, PUBLISH);
    sides.shared.execute(
        "insert into public.t select 10000 + i, i, repeat(md5(i::text), 30) from generate_series(1, 50000) i");
    sides.shared.execute("update public.t set n = n + 1 where id > 10000 and id % 3 = 0");
    sides.awaitAcknowledged();

    sides.relay(SMALL, FaultPoints.NONE, APPLY);
    sides.awaitCaughtUp();

    String sums = "select count(*) || ' ' || sum(n) || ' ' || sum(hashtext(note)) from public.t";
    assertThat(sides.service.queryOne(sums)).isEqualTo(sides.shared.queryOne(sums));
    assertThat(sides.row().changes()).isEqualTo(50_000 + 16_667);
    assertOnce();
  }
}
