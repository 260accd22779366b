package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.FaultPoints;
import dev.ficus.postgres.Database;
import dev.ficus.testkit.PostgresServer;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A standby that is promoted while a stream reads from its primary. */
class FailoverTest {

  private static final String ITEM = "create table public.item (id int primary key, note text)";

  @Test
  @Rule("R5")
  void shouldStopByNameAtThePromotedStandbyAtOnce(@TempDir Path folder) throws Exception {
    Path first = folder.resolve("primary");
    Path second = folder.resolve("standby");
    try (PostgresServer fresh = PostgresServer.start(first, Map.of())) {
      new TestDatabase(fresh.address("postgres")).execute("create database store");
    }
    copy(first, second);
    try (PostgresServer primary = PostgresServer.start(first, Map.of());
        PostgresServer standby = standby(second, primary);
        TwoSides sides = TwoSides.of(new TestDatabase(primary.address("store")), ITEM)) {
      sides.request("item");
      Relay relay = sides.relay();
      sides.awaitStreaming();
      sides.shared.execute("insert into public.item values (1, 'before')");
      sides.awaitCaughtUp();
      relay.close();
      TestDatabase promoted = new TestDatabase(standby.address("store"));
      awaitReplayed(sides.shared, promoted);
      assertThat(promoted.queryOne("select pg_promote()")).isEqualTo("t");
      promoted.execute("insert into public.item values (2, 'after')");

      Database source = new Database(Database.SHARED, promoted.address());
      try (Relay other =
          new Relay(
              Map.of(source.name(), source, sides.target.name(), sides.target),
              RelaySettings.DEFAULTS,
              FaultPoints.NONE)) {
        other.start();
        assertThat(sides.awaitFailed().failure().orElseThrow())
            .contains("timeline 1, but shared", "timeline 2");
      }
      assertThat(sides.row().advice().orElseThrow()).contains("fail-over");
      assertThat(sides.rows(sides.service, "item")).containsExactly("(1,before)");
    }
  }

  private static PostgresServer standby(Path data, PostgresServer primary) throws IOException {
    Files.createFile(data.resolve("standby.signal"));
    Files.writeString(
        data.resolve("postgresql.auto.conf"),
        "primary_conninfo = 'host=localhost port=" + primary.port() + " user=postgres'\n",
        StandardOpenOption.APPEND);
    return PostgresServer.start(data, Map.of());
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
    long deadline = System.nanoTime() + TwoSides.PATIENCE.toNanos();
    while (!standby
        .queryOne("select pg_last_wal_replay_lsn() >= '" + end + "'::pg_lsn")
        .equals("t")) {
      assertThat(System.nanoTime()).as("the standby replays up to " + end).isLessThan(deadline);
      LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
    }
  }
}
