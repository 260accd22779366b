package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.postgres.Slots;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.SecureKafka;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Brokers as a production has them: several, with TLS, logins and rights. */
@Rule("R21")
class KafkaLoginTest {

  private static final String DDL = "create table public.t (id int primary key, n int)";
  private static final String PASSWORD = "staple";
  private static final Optional<String> NONE = Optional.empty();
  private static SecureKafka kafka;

  @BeforeAll
  static void start() {
    kafka = SecureKafka.start();
    for (String user : List.of("ficus", "reader", "stranger")) {
      kafka.create(user, PASSWORD);
    }
    kafka.grant("reader", AclOperation.DESCRIBE_CONFIGS, ResourceType.CLUSTER, "");
    // What docs/kafka.md says, and no more.
    for (AclOperation right :
        new AclOperation[] {
          AclOperation.CREATE,
          AclOperation.DESCRIBE,
          AclOperation.DESCRIBE_CONFIGS,
          AclOperation.READ,
          AclOperation.WRITE,
          AclOperation.DELETE
        }) {
      kafka.grant("ficus", right, ResourceType.TOPIC, "ficus.");
    }
    kafka.grant("ficus", AclOperation.DESCRIBE, ResourceType.TRANSACTIONAL_ID, "ficus.");
    kafka.grant("ficus", AclOperation.WRITE, ResourceType.TRANSACTIONAL_ID, "ficus.");
  }

  @AfterAll
  static void stop() {
    kafka.close();
  }

  @Test
  void shouldGoOnWithoutOneOfItsBrokersAndLeaveNoTopicBehind() {
    try (TwoSides sides = new TwoSides(DDL).over(kafka.login("ficus", PASSWORD), 3)) {
      sides.shared.execute("insert into public.t select i, 0 from generate_series(1, 1000) i");
      sides.request("t");
      sides.relay();
      sides.awaitStreaming();
      sides.shared.execute("update public.t set n = n + 1");
      sides.awaitCaughtUp();

      String topic = sides.service.queryOne("select topic from ficus.stream_topic");
      int leader = kafka.leaderOf(topic);
      kafka.stopBroker(leader);
      try {
        sides.shared.execute("update public.t set n = n + 1");
        sides.shared.execute("delete from public.t where id > 900");
        sides.awaitCaughtUp();
      } finally {
        kafka.startBroker(leader);
      }
      sides.shared.execute("update public.t set n = n + 1");
      sides.awaitCaughtUp();
      sides.assertEqual("t");

      sides.streams.stop(TwoSides.FORWARD);
      new Slots(sides.source).drop(sides.row().slot(), Duration.ofSeconds(20));
      sides.streams.remove(TwoSides.FORWARD);
      sides.service.await("select count(*) from ficus.stream_topic", "0");
      assertThat(kafka.topics()).doesNotContain(topic);
    }
  }

  @Test
  void shouldTellOfReplicasWhatThePrincipalMayRead() {
    KafkaCheck narrow = KafkaCheck.of(kafka.login("ficus", PASSWORD));
    assertThat(narrow).isEqualTo(new KafkaCheck(NONE, 3, Optional.empty(), Optional.empty()));
    assertThat(KafkaCheck.of(kafka.login("reader", PASSWORD)))
        .isEqualTo(new KafkaCheck(NONE, 3, Optional.of(3), Optional.of(2)));
  }

  @Test
  void shouldStopAndSayThatALoginIsWrong() {
    assertThat(failure(kafka.login("ficus", "wrong"))).contains("SaslAuthenticationException");
  }

  @Test
  void shouldStopAndSayThatACertificateIsNotTrusted() {
    assertThat(failure(kafka.distrusting("ficus", PASSWORD)))
        .contains("SslAuthenticationException");
  }

  @Test
  void shouldStopAndNameWhatItHasNoRightTo() {
    assertThat(failure(kafka.login("stranger", PASSWORD)))
        .contains("this principal has no right Create on topic ficus.orders.forward");
  }

  private static String failure(KafkaCluster cluster) {
    try (TwoSides sides = new TwoSides(DDL).over(cluster)) {
      sides.request("t");
      sides.relay();
      return sides.awaitFailed().failure().orElseThrow();
    }
  }
}
