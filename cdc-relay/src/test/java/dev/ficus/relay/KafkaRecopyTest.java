package dev.ficus.relay;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestKafka;
import java.time.Duration;
import java.util.EnumSet;
import java.util.concurrent.locks.LockSupport;
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

  /**
   * Its sessions in the target end, and with them the lease, which it hears of a moment later: by
   * then it may have written past the snapshot.
   */
  @Test
  void shouldBeginAgainWhereAPublisherWithoutTheLeaseHasWrittenPastTheSnapshot() {
    begin(100);
    sides.stopRelays();
    sides.relay(SETTINGS, FaultPoints.NONE, EnumSet.of(RelayRole.PUBLISH));
    FaultScript faults =
        new FaultScript()
            .run(
                "relay.recopy.slot-created",
                1,
                () -> {
                  sides.shared.execute("update public.item set note = 'past the snapshot'");
                  String end = sides.shared.queryOne("select pg_current_wal_insert_lsn()");
                  for (int i = 0; i < 20 && !published(end); i++) {
                    LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
                  }
                });
    sides.shared.await("select active from pg_replication_slots", "t");
    sides.service.query(
        """
        with request as (insert into ficus.table_copy (stream, source_schema, source_table) values ('orders.forward', 'public', 'item') returning 1)
        select pg_terminate_backend(pid)::text from pg_stat_activity, request where application_name like 'ficus relay%' and datname = current_database()
        """);
    sides.relay(SETTINGS, faults, EnumSet.of(RelayRole.APPLY));
    sides.awaitStreaming();
    sides.awaitCaughtUp();

    sides.assertEqual(Traffic.TABLES);
  }

  private boolean published(String end) {
    return sides
        .shared
        .queryOne(
            "select confirmed_flush_lsn >= '%s' from pg_replication_slots where slot_name = 'ficus_orders_forward_1'"
                .formatted(end))
        .equals("t");
  }
}
