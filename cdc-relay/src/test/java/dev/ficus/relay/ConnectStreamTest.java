package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.Via;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestConnect;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestKafka;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A stream over the topics of a real Kafka Connect with Debezium's connector. */
@Rule({"R2", "R3", "R8"})
class ConnectStreamTest extends StreamContract {

  private @Nullable TestConnect connect;

  @Override
  TwoSides travelling(TwoSides sides) {
    for (TestDatabase side : List.of(sides.shared, sides.service)) {
      side.execute(
          "alter table public.item replica identity full; alter table public.line replica identity full");
    }
    try {
      TestConnect worker =
          new TestConnect(TestKafka.shared(), sides.shared, "public.item,public.line")
              .withPartitions(3);
      connect = worker;
      return sides.over(worker.connect().cluster(), Via.CONNECT);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private TestConnect worker() {
    return Objects.requireNonNull(connect);
  }

  @AfterEach
  void stopConnect() {
    if (connect != null) {
      connect.close();
    }
  }

  @Test
  void shouldCopyUnderWritesWithoutGapOrOverlap() throws InterruptedException {
    sides.shared.execute(
        "insert into public.item (code, price) select 'c' || i, i from generate_series(1, 3000) i");
    Writing writing = new Writing(sides.shared);
    writing.start();
    sides.request("item", "line");
    sides.relay();
    sides.awaitStreaming();
    writing.goOn(20);
    writing.end();
    sides.awaitCaughtUp();

    sides.assertEqual("item", "line");
    assertThat(writing.transactions.get()).isGreaterThan(20);
    assertThat(
            sides.shared.query(
                "select slot_name from pg_replication_slots where database = current_database()"))
        .as("the copy's slot is gone, the connector's is left alone")
        .containsExactly(worker().name());
  }

  @Test
  void shouldLeaveOutWhatTheConnectorSendsAgain() throws IOException {
    TestConnect connect = worker();
    sides.request("item", "line");
    sides.relay();
    sides.awaitStreaming();
    sides.shared.execute("insert into public.item (code) values ('first')");
    sides.awaitCaughtUp();
    connect.stop();
    Path earlier = Files.createTempFile("connect", ".earlier");
    Files.copy(connect.offsets(), earlier, StandardCopyOption.REPLACE_EXISTING);
    // The connector's slot must not let go of what it is made to send again.
    sides.shared.execute(
        "select pg_copy_logical_replication_slot('%1$s', 'kept')".formatted(connect.name()));
    connect.start();
    for (int i = 0; i < 20; i++) {
      sides.shared.execute(
          """
          begin; insert into public.item (code, note) values ('a%1$d', 'x'), ('b%1$d', 'y'); insert into public.line values (%1$d, 1, 'n');
          update public.item set note = note || 'z' where code like '_%1$d'; delete from public.item where code = 'b%1$d'; commit
          """
              .formatted(i));
    }
    sides.awaitCaughtUp();
    long changes = sides.row().changes();
    connect.stop();
    sides.shared.execute(
        "select pg_drop_replication_slot('%1$s'); select pg_copy_logical_replication_slot('kept', '%1$s'); select pg_drop_replication_slot('kept')"
            .formatted(connect.name()));
    Files.copy(earlier, connect.offsets(), StandardCopyOption.REPLACE_EXISTING);
    connect.start();
    sides.shared.execute("update public.item set note = 'after' where code like 'a%'");
    sides.awaitCaughtUp();

    sides.assertEqual("item", "line");
    assertThat(sides.row().changes()).isEqualTo(changes + 20);
  }

  @Test
  void shouldKeepTheOrderOfOneTransactionOverTablesAndPartitions() {
    sides.request("item", "line");
    sides.relay();
    sides.awaitStreaming();

    sides.shared.execute(
        """
        begin;
        insert into public.item (code, note) select 'k' || i, 'n' from generate_series(1, 500) i;
        insert into public.line select i, 0, 'l' from generate_series(1, 500) i;
        update public.item set code = 'x' || code;
        update public.line set n = n + 100000 where item %% 3 = 0;
        delete from public.line where item %% 2 = 0;
        truncate public.line;
        insert into public.line select i, 1, 'm' from generate_series(1, 100) i;
        commit
        """
            .replace("%%", "%"));
    sides.awaitCaughtUp();

    sides.assertEqual("item", "line");
    assertThat(sides.rows(sides.service, "line")).hasSize(100);
  }

  /** It may be mended there as well as here, so the stream waits. */
  @Test
  @Rule("R21")
  void shouldWaitWhereKafkaConnectRefusesItsLogin() {
    worker().withLogin("ficus", "staple");
    sides.over(worker().cluster(Optional.empty()), Via.CONNECT).request("item", "line");
    sides.relay();
    sides.service.await(
        "select last_retry like '%asks for a login: HTTP status 401; correct user and password%' from ficus.stream_watch",
        "t");
    sides.stopRelays();

    sides.over(worker().cluster(), Via.CONNECT).relay();
    sides.awaitStreaming();
    sides.shared.execute("insert into public.item (code) values ('a')");
    sides.awaitCaughtUp();

    sides.assertEqual("item", "line");
  }

  @Test
  void shouldGoOnAfterItsConnectionsBreak() {
    sides.request("item", "line");
    sides.relay();
    sides.awaitStreaming();
    for (int i = 0; i < 5; i++) {
      sides.shared.execute("insert into public.item (code) values ('i" + i + "')");
      sides.endRelayConnections();
    }
    sides.awaitCaughtUp();

    sides.assertEqual("item", "line");
    assertThat(sides.row().changes()).isEqualTo(5);
  }

  @Test
  void shouldApplyATransactionTooLargeToBeHeld() {
    sides.request("item", "line");
    sides.relay(
        new RelaySettings(
            Duration.ofMillis(20),
            Duration.ofMillis(1),
            Duration.ofSeconds(1),
            Duration.ofMillis(20),
            Duration.ofSeconds(1),
            1000,
            1000,
            1 << 24),
        FaultPoints.NONE);
    sides.awaitStreaming();

    sides.shared.execute(
        "begin; insert into public.line select i, i, 'l' from generate_series(1, 20000) i; insert into public.item (code) values ('last'); commit");
    sides.awaitCaughtUp();

    assertThat(sides.service.queryOne("select count(*) from public.line")).isEqualTo("20000");
    assertThat(sides.row().transactions()).isLessThan(20);
    sides.assertEqual("item");
  }

  /** Small transactions over both tables, until it is told to end. */
  private static final class Writing extends Thread {
    private final TestDatabase shared;
    private volatile boolean ending;
    private final AtomicInteger transactions = new AtomicInteger();

    Writing(TestDatabase shared) {
      this.shared = shared;
      setDaemon(true);
    }

    @Override
    public void run() {
      for (int i = 0; !ending; i++) {
        shared.execute(
            """
            begin; insert into public.item (code, price) values ('w%1$d', 1); insert into public.line values (%1$d, 1, 'w');
            update public.item set price = price + 1 where id %% 50 = %1$d %% 50; delete from public.item where code = 'c%1$d'; commit
            """
                .formatted(i));
        transactions.incrementAndGet();
      }
    }

    /** Waits until so many more transactions are committed. */
    void goOn(int more) {
      int enough = transactions.get() + more;
      while (transactions.get() < enough && isAlive()) {
        LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
      }
    }

    void end() throws InterruptedException {
      ending = true;
      join();
    }
  }
}
