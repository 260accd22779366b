package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.Via;
import dev.ficus.postgres.Marker;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestConnect;
import dev.ficus.testkit.TestKafka;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A transaction over Kafka Connect that is larger than this JVM's heap, which a broker and Kafka
 * Connect share.
 */
@Rule("R3")
class ConnectLargeTransactionTest {

  private static final int ROWS = 120_000;
  private static final int WIDTH = 5_000;
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private TwoSides sides;
  private TestConnect connect;

  @BeforeEach
  void createSides() throws IOException {
    sides =
        new TwoSides(
            "create table public.wide (id int primary key, note text)",
            "create table public.item (id int primary key, n int)");
    sides.shared.execute(
        "alter table public.wide replica identity full; alter table public.item replica identity full");
    connect =
        new TestConnect(TestKafka.shared(), sides.shared, "public.wide,public.item")
            .withPartitions(2)
            .connect();
    sides.over(connect.cluster(), Via.CONNECT);
  }

  @AfterEach
  void dropSides() {
    connect.close();
    sides.close();
  }

  @Test
  void shouldApplyATransactionLargerThanTheHeapWholeOrNotAtAll() {
    assertThat(Runtime.getRuntime().maxMemory())
        .as("the heap, and below it what the transaction's rows hold")
        .isLessThanOrEqualTo(1L << 29)
        .isLessThan((long) ROWS * WIDTH);
    List<String> seen = new CopyOnWriteArrayList<>();
    FaultPoints look =
        point -> {
          if (point.equals("relay.apply.piece-written")) {
            seen.add(
                sides.service.queryOne(
                    "select (select count(*) from public.wide) || ' ' || (select count(*) from public.item)"));
          }
        };
    sides.request("wide", "item");
    sides.relay(RelaySettings.DEFAULTS, look);
    sides.awaitStreaming();

    // The other table's changes come long before the transaction's end, and are next last.
    sides.shared.execute(
        """
        begin;
        insert into public.item select i, 0 from generate_series(1, 500) i;
        insert into public.wide select i, rpad(i::text, %d, md5(i::text)) from generate_series(1, %d) i;
        update public.item set n = 1;
        delete from public.wide where id %% 1000 = 0;
        commit
        """
            .formatted(WIDTH, ROWS));
    sides.shared.execute("insert into public.item values (501, 2)");
    sides.streams.awaitPosition(TwoSides.FORWARD, Marker.write(sides.source), PATIENCE);

    assertThat(seen).isNotEmpty().containsOnly("0 0");
    String sum = "select count(*) || ' ' || sum(hashtext(note)::bigint) from public.wide";
    assertThat(sides.service.queryOne(sum)).isEqualTo(sides.shared.queryOne(sum));
    sides.assertEqual("item");
    assertThat(sides.row().changes()).isGreaterThan(ROWS);
  }
}
