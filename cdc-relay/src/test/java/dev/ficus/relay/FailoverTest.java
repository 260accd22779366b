package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Marker;
import dev.ficus.testkit.PostgresServer;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestKafka;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A standby that is promoted while a stream reads from its primary. */
@Rule("R5")
class FailoverTest {

  private static final String ITEM = "create table public.item (id int primary key, note text)";
  private static final int VERSION_WITH_SYNCHRONIZED_SLOTS = 17;

  private final Path primaryData;
  private final Path standbyData;
  private final boolean synchronizesSlots;

  FailoverTest(@TempDir Path folder) throws IOException {
    this.primaryData = folder.resolve("primary");
    this.standbyData = folder.resolve("standby");
    try (PostgresServer fresh = PostgresServer.start(primaryData, Map.of())) {
      TestDatabase postgres = new TestDatabase(fresh.address("postgres"));
      postgres.execute("create database store");
      postgres.execute("select pg_create_physical_replication_slot('standby', true)");
    }
    copy(primaryData, standbyData);
    Files.createFile(standbyData.resolve("standby.signal"));
    this.synchronizesSlots =
        Integer.parseInt(Files.readString(primaryData.resolve("PG_VERSION")).strip())
            >= VERSION_WITH_SYNCHRONIZED_SLOTS;
  }

  @Test
  void shouldStopAtOnceAtAPromotedStandbyWithoutItsSlot() {
    try (PostgresServer primary = PostgresServer.start(primaryData, Map.of());
        PostgresServer standby = standbyOf(primary);
        TwoSides sides = TwoSides.of(new TestDatabase(primary.address("store")), ITEM)) {
      TestDatabase promoted = new TestDatabase(standby.address("store"));
      follow(sides, () -> {});
      awaitReplayed(sides.shared, promoted);
      promote(promoted);
      promoted.execute("insert into public.item values (2, 'after')");

      assertThat(failureAt(promoted, sides))
          .contains("slot ficus_orders_forward_1 is gone", "failed over from timeline 1 to 2");
      assertThat(sides.row().advice().orElseThrow()).contains("sync_replication_slots");
      assertThat(sides.rows(sides.service, "item")).containsExactly("(1,before)");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @Rule("R4")
  void shouldGoOnAtAPromotedStandbyThatHasAllOfIt(boolean overKafka) {
    try (PostgresServer primary = PostgresServer.start(primaryData, Map.of());
        PostgresServer standby = standbyOf(primary);
        TwoSides sides = TwoSides.of(new TestDatabase(primary.address("store")), ITEM)) {
      assumeSlotsAreSynchronized();
      if (overKafka) {
        sides.over(KafkaCluster.of(TestKafka.shared().bootstrapServers()));
      }
      TestDatabase promoted = new TestDatabase(standby.address("store"));
      follow(sides, () -> awaitSlot(sides, promoted));
      sides.shared.execute("insert into public.item values (2, 'waiting')");
      awaitReplayed(sides.shared, promoted);
      promote(promoted);
      promoted.execute("insert into public.item values (3, 'after')");

      try (Relay relay = relayAt(promoted, sides)) {
        sides.streams.awaitPosition(
            TwoSides.FORWARD, Marker.write(sourceAt(promoted)), TwoSides.PATIENCE);
        assertThat(relay.health().failed()).isEmpty();
      }
      assertThat(sides.rows(sides.service, "item"))
          .containsExactly("(1,before)", "(2,waiting)", "(3,after)");
      assertThat(sides.row().identity().orElseThrow().timeline()).isEqualTo(2);
    }
  }

  @Test
  void shouldStopAtAPromotedStandbyThatNeverHadWhatTheTargetHolds() {
    try (PostgresServer primary = PostgresServer.start(primaryData, Map.of());
        TwoSides sides = TwoSides.of(new TestDatabase(primary.address("store")), ITEM)) {
      assumeSlotsAreSynchronized();
      try (PostgresServer standby = standbyOf(primary)) {
        follow(sides, () -> awaitSlot(sides, new TestDatabase(standby.address("store"))));
      }
      sides.shared.execute("insert into public.item values (2, 'never replicated')");
      try (Relay relay = sides.relay()) {
        sides.awaitCaughtUp();
        assertThat(relay.health().failed()).isEmpty();
      }
      try (PostgresServer cutOff = standby("")) {
        TestDatabase promoted = new TestDatabase(cutOff.address("store"));
        promote(promoted);
        promoted.execute("insert into public.item values (3, 'in its place')");

        assertThat(failureAt(promoted, sides))
            .contains("left timeline 1 at", "changes that the new primary never had");
        assertThat(sides.row().advice().orElseThrow()).contains("synchronized_standby_slots");
        assertThat(sides.rows(sides.service, "item"))
            .containsExactly("(1,before)", "(2,\"never replicated\")");
      }
    }
  }

  /** The topic has it and the target does not: the position alone would look well. */
  @Test
  void shouldStopAtAPromotedStandbyThatNeverHadWhatTheTopicHolds() {
    try (PostgresServer primary = PostgresServer.start(primaryData, Map.of());
        TwoSides sides =
            TwoSides.of(new TestDatabase(primary.address("store")), ITEM)
                .over(KafkaCluster.of(TestKafka.shared().bootstrapServers()))) {
      assumeSlotsAreSynchronized();
      try (PostgresServer standby = standbyOf(primary)) {
        follow(sides, () -> awaitSlot(sides, new TestDatabase(standby.address("store"))));
      }
      sides.shared.execute("insert into public.item values (2, 'never replicated')");
      String end = sides.shared.queryOne("select pg_current_wal_insert_lsn()");
      try (Relay publisher =
          sides.relay(RelaySettings.DEFAULTS, FaultPoints.NONE, EnumSet.of(RelayRole.PUBLISH))) {
        sides.shared.await(
            "select confirmed_flush_lsn >= '%s' from pg_replication_slots where slot_name = 'ficus_orders_forward_1'"
                .formatted(end),
            "t");
        assertThat(publisher.health().failed()).isEmpty();
      }
      try (PostgresServer cutOff = standby("")) {
        TestDatabase promoted = new TestDatabase(cutOff.address("store"));
        promote(promoted);
        promoted.execute("insert into public.item values (3, 'in its place')");

        assertThat(failureAt(promoted, sides))
            .contains(
                "left timeline 1 at", "the topic holds changes that the new primary never had");
        assertThat(sides.rows(sides.service, "item")).doesNotContain("(3,\"in its place\")");
      }
    }
  }

  @Test
  @Rule("R10")
  void shouldStopAtAPromotedStandbyWhileTheGroupDualWrites() {
    try (PostgresServer primary = PostgresServer.start(primaryData, Map.of());
        PostgresServer standby = standbyOf(primary);
        TwoSides sides = TwoSides.of(new TestDatabase(primary.address("store")), ITEM)) {
      assumeSlotsAreSynchronized();
      TestDatabase promoted = new TestDatabase(standby.address("store"));
      follow(sides, () -> awaitSlot(sides, promoted));
      sides.streams.guard(TwoSides.FORWARD, true);
      awaitReplayed(sides.shared, promoted);
      promote(promoted);

      assertThat(failureAt(promoted, sides)).contains("while group orders dual-wrote");
    }
  }

  /** Copies and applies one row, and ends the relay. */
  private static void follow(TwoSides sides, Runnable whileItRuns) {
    sides.request("item");
    try (Relay relay = sides.relay()) {
      sides.awaitStreaming();
      sides.shared.execute("insert into public.item values (1, 'before')");
      sides.awaitCaughtUp();
      whileItRuns.run();
      assertThat(relay.health().failed()).isEmpty();
    }
  }

  private static String failureAt(TestDatabase promoted, TwoSides sides) {
    try (Relay relay = relayAt(promoted, sides)) {
      String failure = sides.awaitFailed().failure().orElseThrow();
      assertThat(relay).isNotNull();
      return failure;
    }
  }

  private static Relay relayAt(TestDatabase promoted, TwoSides sides) {
    Database source = sourceAt(promoted);
    Relay relay =
        new Relay(
            Map.of(source.name(), source, sides.target.name(), sides.target),
            RelaySettings.DEFAULTS,
            RelayWatch.plain(),
            sides.kafka().map(RelayKafka::of),
            FaultPoints.NONE);
    relay.start();
    return relay;
  }

  private static Database sourceAt(TestDatabase promoted) {
    return new Database(Database.SHARED, promoted.address());
  }

  private static void promote(TestDatabase standby) {
    assertThat(standby.queryOne("select pg_promote()")).isEqualTo("t");
  }

  private PostgresServer standbyOf(PostgresServer primary) {
    return standby("host=localhost port=" + primary.port() + " user=postgres dbname=store");
  }

  private PostgresServer standby(String primary) {
    try {
      Files.writeString(
          standbyData.resolve("postgresql.auto.conf"),
          """
          primary_conninfo = '%s'
          primary_slot_name = 'standby'
          hot_standby_feedback = on
          %s
          """
              .formatted(primary, synchronizesSlots ? "sync_replication_slots = on" : ""));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return PostgresServer.start(standbyData, Map.of());
  }

  private void assumeSlotsAreSynchronized() {
    assumeThat(synchronizesSlots)
        .as("a slot outlives a fail-over on PostgreSQL 17 and later")
        .isTrue();
  }

  /**
   * The standby's slot counts once it is not temporary: until then it waits for the primary's to
   * pass the oldest transaction that the standby can still decode.
   */
  private static void awaitSlot(TwoSides sides, TestDatabase standby) {
    long deadline = System.nanoTime() + TwoSides.PATIENCE.toNanos();
    do {
      assertThat(System.nanoTime()).as("the standby has the slot").isLessThan(deadline);
      sides.shared.query("select pg_log_standby_snapshot()::text");
      sides.awaitCaughtUp();
      awaitReplayed(sides.shared, standby);
    } while (standby
        .query(
            "select slot_name from pg_replication_slots where slot_type = 'logical' and synced and not temporary")
        .isEmpty());
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    }
    Files.setPosixFilePermissions(
        to, java.nio.file.attribute.PosixFilePermissions.fromString("rwx------"));
  }

  private static void awaitReplayed(TestDatabase primary, TestDatabase standby) {
    String end = primary.queryOne("select pg_current_wal_flush_lsn()");
    standby.await("select pg_last_wal_replay_lsn() >= '" + end + "'::pg_lsn", "t");
  }
}
