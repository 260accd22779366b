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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A stream over Kafka while nothing goes wrong. */
@Rule({"R2", "R3", "R4"})
class KafkaStreamTest {

  private TwoSides sides;

  @BeforeEach
  void createSides() {
    sides =
        new TwoSides(
                "create table public.item (id bigint generated always as identity primary key, code text unique, note text default 'none', price numeric)",
                "create table public.line (item bigint, n int, note text, primary key (n, item))")
            .over(KafkaCluster.of(TestKafka.shared().bootstrapServers()));
  }

  @AfterEach
  void dropSides() {
    sides.close();
  }

  @Test
  void shouldCopyWhatIsThereAndStreamWhatComes() {
    sides.shared.execute(
        "insert into public.item (code, note, price) select 'c' || i, repeat('é', i % 50), i * 1.10 from generate_series(1, 5000) i");
    sides.request("item", "line");
    sides.relay();
    sides.awaitStreaming();
    sides.assertEqual("item", "line");

    sides.shared.execute(
        """
        insert into public.item (code, note, price) values ('a', null, 1.10), ('b', default, null), (E'"\\\\\\n😀', '__debezium_unavailable_value', 'NaN');
        update public.item set note = 'changed' where id % 10 = 0;
        delete from public.item where id % 7 = 0;
        insert into public.line select 1, i, null from generate_series(1, 100) i;
        update public.line set n = n + 1000 where n > 50;
        begin; insert into public.line values (7, 7, ''); truncate public.line; insert into public.line values (8, 8, ''); commit;
        """);
    sides.awaitCaughtUp();

    sides.assertEqual("item", "line");
    assertThat(sides.row().changes()).isGreaterThan(1000);
  }

  @Test
  void shouldKeepUnchangedLargeValuesAndTheTextOfTheirPlaceholder() {
    sides.shared.execute(
        """
        insert into public.item (code, note, price)
          select 'c' || i, (select string_agg(md5((i * 1000 + j)::text), '') from generate_series(1, 400) j), i from generate_series(1, 20) i;
        """);
    sides.request("item", "line");
    sides.relay();
    sides.awaitStreaming();

    sides.shared.execute(
        "update public.item set price = price + 0.5 where id > 1; update public.item set code = 'renamed' where id = 4");
    sides.shared.execute(
        "update public.item set note = '__debezium_unavailable_value' where id % 5 = 0; update public.item set price = 0 where id % 5 = 0");
    sides.awaitCaughtUp();

    sides.assertEqual("item", "line");
    assertThat(sides.rows(sides.service, "item").toString())
        .contains("__debezium_unavailable_value");
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

    sides.awaitQuery(sides.service, "select count(*) from ficus.stream_topic", "0");
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
    sides.awaitQuery(sides.service, "select count(*) from ficus.stream_topic", "1");
    assertThat(List.of(sides.row().failure())).allMatch(java.util.Optional::isEmpty);
  }
}
