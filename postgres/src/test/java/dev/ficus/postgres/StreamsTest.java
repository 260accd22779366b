package dev.ficus.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.GroupName;
import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StreamsTest {

  private static final GroupName GROUP = new GroupName("orders");
  private static final StreamName NAME = StreamName.of(GROUP, Direction.FORWARD);
  private static final TableName TABLE = new TableName("public", "orders");
  private static final List<StreamTable> TABLES =
      List.of(new StreamTable(TABLE, TABLE, List.of("id", "n"), List.of("id")));
  private static final Duration SHORT = Duration.ofMillis(100);
  private static final Duration LONG = Duration.ofSeconds(10);

  private TestDatabase test;
  private Database database;
  private Streams streams;

  @BeforeEach
  void installSchema() {
    test = TestPostgres.create();
    database = new Database("orders", test.address());
    FicusSchema.install(database);
    streams = new Streams(database);
    streams.requestCopy(NAME, GROUP, Direction.FORWARD, "shared", Epoch.FIRST, TABLES);
  }

  @AfterEach
  void dropDatabase() {
    test.close();
  }

  @Test
  void shouldHoldWhatWasRequested() {
    StreamRow row = streams.find(NAME).orElseThrow();

    assertThat(row.state()).isEqualTo(StreamState.REQUESTED);
    assertThat(row.slot()).isEqualTo("ficus_orders_forward_1");
    assertThat(row.tables()).isEqualTo(TABLES);
  }

  @Test
  void shouldChangeNothingWhenTheSameIsRequestedAgain() {
    test.execute("update ficus.stream set state = 'STREAMING', position = '0/99'");

    streams.requestCopy(NAME, GROUP, Direction.FORWARD, "shared", Epoch.FIRST, TABLES);

    assertThat(streams.find(NAME).orElseThrow().position()).isEqualTo(new Lsn(0x99));
  }

  @Test
  void shouldRefuseAnotherEpochWhileTheStreamRuns() {
    assertThatThrownBy(
            () ->
                streams.requestCopy(NAME, GROUP, Direction.FORWARD, "shared", new Epoch(2), TABLES))
        .isInstanceOfSatisfying(
            FicusException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NEEDS_PERSON))
        .hasMessageContaining("is REQUESTED at epoch 1");
  }

  @Test
  void shouldBeginAnewAtALaterEpochOnceStopped() {
    test.execute("update ficus.stream set position = '0/99', failure = 'x'");
    streams.stop(NAME);

    streams.requestCopy(NAME, GROUP, Direction.FORWARD, "shared", new Epoch(2), TABLES);

    StreamRow row = streams.find(NAME).orElseThrow();
    assertThat(row.epoch()).isEqualTo(new Epoch(2));
    assertThat(row.position()).isEqualTo(Lsn.ZERO);
    assertThat(row.failure()).isEmpty();
  }

  @Test
  @Rule("R8")
  void shouldNotTakeAnIdleStreamForOneThatHasCaughtUp() {
    test.execute("update ficus.stream set state = 'STREAMING', lag_millis = 0, position = '0/1'");
    Lsn marker = Marker.write(database);

    assertThatThrownBy(() -> streams.awaitPosition(NAME, marker, SHORT))
        .isInstanceOfSatisfying(
            FicusException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.ABORTED))
        .hasMessageContaining("did not reach position " + marker)
        .hasMessageContaining("at position 0/1");
  }

  @Test
  @Rule("R8")
  void shouldHaveCaughtUpOnceThePositionIsAtTheMarker() {
    Lsn marker = Marker.write(database);
    test.execute("update ficus.stream set state = 'STREAMING', position = '" + marker + "'");

    streams.awaitPosition(NAME, marker, LONG);
  }

  @Test
  @Rule("R8")
  void shouldSayWhyAtOnceWhenTheStreamHasFailed() {
    test.execute(
        "update ficus.stream set state = 'FAILED', failure = 'slot is gone', advice = 'copy again'");
    Lsn marker = Marker.write(database);

    assertThatThrownBy(() -> streams.awaitPosition(NAME, marker, LONG))
        .hasMessageContaining("is FAILED")
        .hasMessageContaining("slot is gone")
        .hasMessageContaining("next: copy again");
  }

  @Test
  @Rule("R10")
  void shouldForgetTheGuardsThatAnApplyMayPassOver() {
    String guards = "select row_key from ficus.guard";
    String leave =
        "insert into ficus.guard values ('orders', 'public.orders', '[1]', 1, '0/99', false)";
    test.execute(
        "insert into ficus.guard values ('users', 'public.users', '[0]', 1, '0/99', false)");
    test.execute(leave);

    streams.guard(NAME, true);
    assertThat(test.query(guards)).as("of an earlier time").containsExactly("[0]");
    test.execute(leave);
    streams.guard(NAME, true);
    assertThat(test.query(guards)).as("said again").containsExactlyInAnyOrder("[0]", "[1]");
    streams.guard(NAME, false);
    assertThat(test.query(guards)).as("once they are passed over").containsExactly("[0]");
  }
}
