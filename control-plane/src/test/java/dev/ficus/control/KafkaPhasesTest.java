package dev.ficus.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Phase;
import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.core.manifest.Manifest;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestKafka;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A group whose streams, forward and reverse, travel over Kafka; its reference copies are fed
 * directly.
 */
@Rule({"R6", "R13"})
class KafkaPhasesTest {

  private final Path folder;

  KafkaPhasesTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void shouldFlipAndGoBackAndSealAndLeaveNoTopicBehind() {
    TestKafka kafka = TestKafka.shared();
    Set<String> before = kafka.topics();
    try (Store store = Store.over(kafka.bootstrapServers(), folder)) {
      store.bring(Store.ORDERS, Phase.WRITES_MOVED);
      store.orders.execute("insert into orders (user_id, status, total) values (7, 'paid', 7)");
      store.bring(Store.ORDERS, Phase.WRITES_MOVED);
      try (ControlPlane control = store.control()) {
        control.rollback(Store.ORDERS, List.of());
      }
      requireEqual(store.shared, store.orders, "orders");
      store.shared.execute("update orders set total = total + 1");
      store.bring(Store.ORDERS, Phase.WRITES_MOVED);
      requireEqual(store.shared, store.orders, "orders");
      assertThat(store.shared.query("select via || ' ' || direction from ficus.stream"))
          .containsExactly("KAFKA REVERSE");
      store.shared.await(
          "select cardinality(next_offsets) from ficus.stream_topic where not ended", "3");
      assertThat(store.orders.query("select via || ' ' || name from ficus.stream"))
          .containsExactly("DIRECT users.reference.orders");
      store.shared.execute("update users set name = 'renamed' where id = 1");
      store.orders.await("select name from users where id = 1", "renamed");

      store.bring(Store.ORDERS, Phase.SEALED);

      store.shared.await("select count(*) from ficus.stream_topic", "0");
      store.orders.await("select count(*) from ficus.stream_topic", "0");
      assertThat(kafka.topics())
          .filteredOn(topic -> topic.startsWith("ficus.") && !before.contains(topic))
          .isEmpty();
    }
  }

  @Test
  @Rule("R21")
  void shouldShowTopicsAndTellOfBrokersThatDoNotAnswerOrKeepTooLittle() throws Exception {
    try (Store store = Store.over(TestKafka.shared().bootstrapServers(), folder)) {
      assertThat(brokers(store.manifest))
          .singleElement()
          .asString()
          .contains("COSTS", "topics have 1 replicas, and 1 of them must have a record");
      store.bring(Store.ORDERS, Phase.FOLLOWING);
      store.orders.await("select count(*) from ficus.stream_topic where topic_id is not null", "1");
      assertThat(StreamReport.of(store.manifest, Duration.ofMillis(10)).streams())
          .filteredOn(stream -> stream.topic().isPresent())
          .singleElement()
          .satisfies(
              stream ->
                  assertThat(stream.topic())
                      .hasValueSatisfying(topic -> assertThat(topic.partitions()).isEqualTo(3)));

      Manifest lost =
          new Manifest(
              store.manifest.file(),
              store.manifest.controlStore(),
              store.manifest.shared(),
              Optional.of(KafkaCluster.of("localhost:1")),
              store.manifest.archive(),
              store.manifest.services());
      assertThat(brokers(lost))
          .singleElement()
          .asString()
          .contains("STOPS", "no broker of localhost:1 answers");
    }
  }

  private static List<String> brokers(Manifest manifest) {
    return Diagnosis.of(manifest, Optional.empty()).findings().stream()
        .filter(finding -> finding.check().equals("brokers"))
        .map(Finding::toString)
        .toList();
  }

  private static void requireEqual(TestDatabase one, TestDatabase other, String table) {
    String content = "select t::text from public." + table + " t order by 1";
    assertThat(other.query(content)).isEqualTo(one.query(content));
  }
}
