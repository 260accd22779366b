package dev.ficus.control.internal.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.control.Finding;
import dev.ficus.relay.KafkaCheck;
import dev.ficus.testkit.Rule;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

@Rule("R21")
class BrokersTest {

  @Test
  void shouldSayNothingOfThreeReplicasOfWhichTwoMustHaveARecord() {
    assertThat(told(Optional.of(3), Optional.of(2))).isEmpty();
  }

  @Test
  void shouldJudgeByWhatIsKnownWhereBrokersDoNotTellTheirSettings() {
    assertThat(told(Optional.of(5), Optional.empty()))
        .singleElement()
        .asString()
        .contains("STOPS", "topics are to have 5 replicas, and there are 3 brokers");
    assertThat(told(Optional.of(1), Optional.empty()))
        .singleElement()
        .asString()
        .contains("COSTS", "topics have 1 replicas, and an unknown number of them");
    assertThat(told(Optional.of(3), Optional.empty()))
        .singleElement()
        .asString()
        .contains("COSTS", "the brokers do not tell this principal their settings");
    assertThat(told(Optional.empty(), Optional.empty())).hasSize(1);
  }

  private static List<Finding> told(Optional<Integer> replication, Optional<Integer> inSync) {
    Findings findings = new Findings();
    Brokers.tell(new KafkaCheck(Optional.empty(), 3, replication, inSync), "broker:9092", findings);
    return findings.gravestFirst();
  }
}
