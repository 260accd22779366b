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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Brokers as a production has them: several, with TLS, logins and rights. */
@Rule("R21")
class KafkaLoginTest {

  private static final String DDL = "create table public.t (id int primary key, n int)";
  private static final String PASSWORD = "staple";
  private static final Optional<String> NONE = Optional.empty();
  // What docs/kafka.md says, and no more.
  private static final List<Right> RIGHTS =
      List.of(
          new Right(ResourceType.TOPIC, AclOperation.CREATE),
          new Right(ResourceType.TOPIC, AclOperation.DESCRIBE_CONFIGS),
          new Right(ResourceType.TOPIC, AclOperation.READ),
          new Right(ResourceType.TOPIC, AclOperation.WRITE),
          new Right(ResourceType.TOPIC, AclOperation.DELETE),
          new Right(ResourceType.TRANSACTIONAL_ID, AclOperation.WRITE));

  private static SecureKafka kafka;

  /** An operation on what has a name that begins with the prefix of Ficus's topics. */
  private record Right(ResourceType type, AclOperation operation) {
    void grant(String user) {
      kafka.grant(user, operation, type, "ficus.");
    }
  }

  @BeforeAll
  static void start() {
    kafka = SecureKafka.start();
    for (String user : List.of("ficus", "reader", "stranger")) {
      kafka.create(user, PASSWORD);
    }
    kafka.grant("reader", AclOperation.DESCRIBE_CONFIGS, ResourceType.CLUSTER, "");
    RIGHTS.forEach(right -> right.grant("ficus"));
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

  @ParameterizedTest
  @CsvSource({
    "TOPIC, CREATE, no right Create on topic ficus.orders",
    "TOPIC, DESCRIBE_CONFIGS, no right DescribeConfigs on topic ficus.orders",
    "TOPIC, READ, no right Read on topic ficus.orders",
    "TOPIC, WRITE, no right Write on topic ficus.orders",
    "TRANSACTIONAL_ID, WRITE, no right Write on transactional id ficus.orders"
  })
  void shouldNameTheOneRightThatItLacks(ResourceType type, AclOperation lacking, String told) {
    assertThat(failure(without(new Right(type, lacking)))).contains(told);
  }

  @Test
  void shouldStreamWithoutTheRightToDelete() {
    KafkaCluster cluster = without(new Right(ResourceType.TOPIC, AclOperation.DELETE));
    try (TwoSides sides = new TwoSides(DDL).over(cluster)) {
      sides.request("t");
      sides.relay();
      sides.awaitStreaming();
      sides.shared.execute("insert into public.t values (1, 1)");
      sides.awaitCaughtUp();
      sides.assertEqual("t");
    }
  }

  private static KafkaCluster without(Right lacking) {
    String user = "without-" + lacking.type() + "-" + lacking.operation();
    kafka.create(user, PASSWORD);
    RIGHTS.stream().filter(right -> !right.equals(lacking)).forEach(right -> right.grant(user));
    return kafka.login(user, PASSWORD);
  }

  private static String failure(KafkaCluster cluster) {
    try (TwoSides sides = new TwoSides(DDL).over(cluster)) {
      sides.request("t");
      sides.relay();
      return sides.awaitFailed().failure().orElseThrow();
    }
  }
}
