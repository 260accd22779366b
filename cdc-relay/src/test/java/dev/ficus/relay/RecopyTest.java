package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.FicusException;
import dev.ficus.core.TableName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.postgres.TableCopies;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import java.io.File;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One table is copied anew while the stream keeps its position and its other tables. */
@Rule({"R2", "R3"})
class RecopyTest {

  static final RelaySettings SETTINGS = RelaySettings.DEFAULTS.withCopy(3, 64 * 1024);

  TwoSides sides;

  /** Decides how the streams travel. */
  TwoSides travelling(TwoSides made) {
    return made;
  }

  @BeforeEach
  void createSides() {
    sides = travelling(new TwoSides(Traffic.DDL));
  }

  @AfterEach
  void dropSides() {
    sides.close();
  }

  void recopy(String... tables) {
    TableCopies.request(sides.target, TwoSides.FORWARD, names(tables));
  }

  private static Set<TableName> names(String... tables) {
    return Stream.of(tables)
        .map(table -> new TableName("public", table))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  void begin(int items) {
    new Traffic(sides.shared, sides.service).fill(items);
    sides.request(Traffic.TABLES);
    sides.relay(SETTINGS, FaultPoints.NONE);
    sides.awaitStreaming();
  }

  private static String slots(TestDatabase database) {
    return database
        .query("select slot_name from pg_replication_slots where database = current_database()")
        .toString();
  }

  @Test
  void shouldMendADamagedTableAndLeaveTheOthersAlone() {
    begin(3000);
    String slot = slots(sides.shared);
    sides.service.execute(
        "set session_replication_role = replica; delete from public.item where id % 2 = 0; update public.item set note = 'damaged' where id % 3 = 0; insert into public.item (id, code) overriding system value values (1000000, 'stray')");
    String others = sides.service.queryOne("select xmin::text from public.account where id = 1");

    recopy("item");
    sides.awaitStreaming();
    sides.awaitCaughtUp();

    sides.assertEqual(Traffic.TABLES);
    assertThat(sides.service.queryOne("select xmin::text from public.account where id = 1"))
        .isEqualTo(others);
    assertThat(slots(sides.shared)).isEqualTo(slot);
    assertThat(
            sides.service.query(
                "select conname from pg_constraint where conrelid = 'public.item'::regclass and contype <> 'n' order by 1"))
        .isEqualTo(
            sides.shared.query(
                "select conname from pg_constraint where conrelid = 'public.item'::regclass and contype <> 'n' order by 1"));
  }

  @Test
  void shouldEndEqualUnderTraffic() {
    Traffic traffic = new Traffic(sides.shared, sides.service);
    begin(2000);
    try (traffic) {
      traffic.start(1);
      for (int i = 0; i < 3; i++) {
        // The reader checks all the time that accounts and ticks are a past state of the source.
        recopy("item", "line");
        sides.awaitStreaming();
      }
      traffic.stop();
    }
    sides.awaitCaughtUp();

    sides.assertEqual(Traffic.TABLES);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "relay.recopy.slot-created",
        "relay.recopy.begun",
        "relay.recopy.caught-up",
        "relay.copy.truncated",
        "relay.copy.chunk-before-commit",
        "relay.copy.table-done",
        "relay.recopy.before-commit",
        "relay.recopy.after-commit"
      })
  void shouldNeverLeaveHalfATable(String point) throws InterruptedException {
    begin(3000);
    sides.stopRelays();
    CountDownLatch reached = new CountDownLatch(1);
    CountDownLatch over = new CountDownLatch(1);
    FaultScript faults = new FaultScript().run(point, 1, reached::countDown).hang(point, 1, over);
    sides.shared.execute(
        "insert into public.item (code) select 'new' || i from generate_series(1, 100) i; update public.account set balance = 0");
    recopy("item");
    sides.relay(SETTINGS, faults);
    assertThat(reached.await(60, TimeUnit.SECONDS)).as("%s is reached", point).isTrue();
    boolean done = point.equals("relay.recopy.after-commit");
    try (var connection = sides.target.connect("test")) {
      assertThat(TableCopies.pending(connection, TwoSides.FORWARD).isEmpty()).isEqualTo(done);
    } catch (java.sql.SQLException e) {
      throw new IllegalStateException(e);
    }
    // What it waits for afterwards finds broken connections, as those of a dead process are.
    sides.endRelayConnections();
    over.countDown();
    sides.stopRelays();

    sides.relay(SETTINGS, FaultPoints.NONE);
    sides.awaitStreaming();
    sides.awaitCaughtUp();

    sides.assertEqual(Traffic.TABLES);
    assertThat(slots(sides.shared)).doesNotContain("recopy");
    assertThat(sides.service.query("select name from ficus.postponed_definition")).isEmpty();
  }

  /** It comes after the relay has read what to copy, and before it notes the snapshot. */
  @Test
  void shouldForgetNoRequestThatComesWhileAnotherBegins() {
    begin(500);
    sides.stopRelays();
    sides.service.execute("truncate public.item, public.line");
    recopy("item");
    sides.relay(
        SETTINGS, new FaultScript().run("relay.recopy.slot-created", 1, () -> recopy("line")));
    sides.awaitStreaming();
    sides.awaitCaughtUp();

    sides.assertEqual(Traffic.TABLES);
  }

  @Test
  void shouldBeginAgainAfterItsProcessWasKilled(@TempDir Path folder) throws Exception {
    begin(20_000);
    sides.stopRelays();
    sides.service.execute("truncate public.item");
    sides.service.execute(
        "insert into ficus.throttle (group_name, rows_per_second) values ('orders', 2000)");
    recopy("item");
    try (RelayProcess relay = RelayProcess.start(sides, new File(folder.toFile(), "relay.log"))) {
      sides.service.await("select count(*) > 0 from public.item", "t");
      relay.kill();
    }
    assertThat(sides.service.queryOne("select count(*) from public.item")).isNotEqualTo("20000");
    sides.service.execute("delete from ficus.throttle");

    sides.relay(SETTINGS, FaultPoints.NONE);
    sides.awaitStreaming();
    sides.awaitCaughtUp();

    sides.assertEqual(Traffic.TABLES);
    assertThat(slots(sides.shared)).doesNotContain("recopy");
  }

  @Test
  void shouldTakeTheSourcesShapeOfNow() {
    begin(100);
    sides.shared.execute("alter table public.item add extra int default 3");
    sides.shared.execute(
        "begin; insert into public.item (code) values ('a'); alter table public.item drop column n; insert into public.item (code) values ('b'); commit");
    StreamRow failed = sides.awaitFailed();
    assertThat(failed.failure().orElseThrow()).contains("public.item");
    sides.service.execute("alter table public.item add extra int, drop column n");

    recopy("item");
    sides.awaitStreaming();
    sides.shared.execute("update public.item set extra = id");
    sides.awaitCaughtUp();

    sides.assertEqual(Traffic.TABLES);
  }

  @Test
  void shouldTakeATableBackThatThePublicationHadLost() {
    begin(100);
    sides.shared.execute("alter publication ficus_orders_forward_1 drop table public.line");
    sides.shared.execute("insert into public.line values (7, 7, 'lost')");
    sides.awaitFailed();

    recopy("line");
    sides.awaitStreaming();
    sides.shared.execute("insert into public.line values (7, 8, 'sent')");
    sides.awaitCaughtUp();

    sides.assertEqual(Traffic.TABLES);
  }

  @Test
  void shouldRefuseWhereItWouldNotBeSound() {
    begin(10);
    sides.shared.execute("alter table public.line add x int; alter table public.tick add x int");
    sides.awaitFailed();
    assertThatThrownBy(() -> recopy("line"))
        .isInstanceOf(FicusException.class)
        .hasMessageContaining("public.tick");
    sides.service.execute("alter table public.line add x int; alter table public.tick add x int");
    recopy("line", "tick");
    sides.awaitStreaming();
    sides.streams.guard(TwoSides.FORWARD, true);

    assertThatThrownBy(() -> recopy("item"))
        .isInstanceOf(FicusException.class)
        .hasMessageContaining("is dual-written into");
    assertThat(sides.row().state()).isEqualTo(StreamState.STREAMING);
  }

  @Test
  void shouldRecopyUnderForeignKeysThatAct() {
    sides.close();
    sides =
        travelling(
            TwoSides.ofPlainRole(
                "create table public.parent (id int primary key, v text)",
                "create table public.child (id int primary key, parent int not null references public.parent)"));
    sides.shared.execute(
        "insert into public.parent select i, 'p' from generate_series(1, 50) i; insert into public.child select i, 1 + i % 50 from generate_series(1, 500) i");
    sides.request("parent", "child");
    Relay relay = sides.relay(SETTINGS, FaultPoints.NONE);
    sides.awaitStreaming();
    relay.close();
    recopy("parent");
    // The parent comes with the copy, its child before that.
    sides.shared.execute(
        "insert into public.parent values (100, 'new'); insert into public.child values (1000, 100)");
    sides.relay(SETTINGS, FaultPoints.NONE);
    sides.awaitStreaming();
    sides.awaitCaughtUp();

    sides.assertEqual("parent", "child");
    assertThat(
            sides.service.query(
                "select conname || ' ' || convalidated from pg_constraint where contype = 'f' and conrelid = 'public.child'::regclass"))
        .containsExactly("child_parent_fkey true");
  }
}
