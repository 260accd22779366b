package dev.ficus.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Marker;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.Streams;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reference copies follow their owner's flips without a gap. */
@Rule({"R3", "R6"})
class ReferencesTest {

  private static final StreamName COPY =
      StreamName.reference(Store.USERS, new dev.ficus.core.ServiceName("orders"));
  private static final String CONTENT = "select id || ' ' || name from users order by id";

  private final Path folder;

  ReferencesTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private static final class Died extends Error {
    private static final long serialVersionUID = 1L;
  }

  @Test
  @Rule("R13")
  void shouldFollowTheOwnersFlipsWithoutAGapWhereverProcessesDie() {
    try (Store store = new Store(folder)) {
      store.bring(Store.ORDERS, Phase.FOLLOWING);
      store.bring(Store.USERS, Phase.READS_MOVED);
      try (Writer shared = new Writer(store.shared, "shared");
          Writer service = new Writer(store.users, "service");
          Counter counter = new Counter(store.shared, store.users, store.orders)) {
        for (String point :
            List.of(
                "control.create-reference-slots",
                "flip.after-cas",
                "control.flip-open",
                "control.flip-publish",
                "control.flip-references",
                "control.flip-stream")) {
          dieAndFinish(store, point, Phase.WRITES_MOVED);
          requireSource(store, "users", point);
          awaitCopy(store, store.users);
          requireTableOf(store, store.users, point);
          dieAndFinish(store, point, Phase.READS_MOVED);
          requireSource(store, Database.SHARED, point);
        }
        shared.end();
        service.end();
        counter.end();
        assertThat(shared.unexpected()).isEmpty();
        assertThat(service.unexpected()).isEmpty();
        assertThat(counter.wrong()).isEmpty();
        awaitCopy(store, store.shared);

        assertThat(shared.acknowledged()).isNotEmpty();
        assertThat(service.acknowledged()).isNotEmpty();
        assertThat(store.orders.query("select name from users"))
            .containsAll(shared.acknowledged())
            .containsAll(service.acknowledged());
        assertThat(store.orders.query(CONTENT)).isEqualTo(store.shared.query(CONTENT));
      }
      assertThat(row(store).copy()).as("the copy was never made anew").isFalse();
      assertThat(slots(store.users)).isEmpty();
    }
  }

  private static List<String> slots(TestDatabase database) {
    return database.query(
        "select slot_name from pg_replication_slots where database = current_database()");
  }

  /** An operator's process and the relay die at a point; another of each finishes the flip. */
  private static void dieAndFinish(Store store, String point, Phase to) {
    FaultScript faults =
        new FaultScript()
            .run(
                point,
                1,
                () -> {
                  store.killRelay();
                  throw new Died();
                });
    boolean died = false;
    try {
      flip(store, faults, to);
    } catch (Died expected) {
      died = true;
    }
    assertThat(died).as("death at %s towards %s", point, to).isTrue();
    try (ControlPlane control = store.control()) {
      GroupStatus status = control.status(Store.USERS);
      while (status.phase() != to || !status.settled()) {
        flip(store, new FaultScript(), to);
        status = control.status(Store.USERS);
      }
    }
  }

  private static void flip(Store store, FaultScript faults, Phase to) {
    try (ControlPlane control = store.control(faults)) {
      if (to.writeSide() == Side.SERVICE) {
        control.advance(Store.USERS, List.of());
      } else {
        control.rollback(Store.USERS);
      }
    }
  }

  private static StreamRow row(Store store) {
    return new Streams(new Database("orders", store.orders.address())).find(COPY).orElseThrow();
  }

  private static void requireSource(Store store, String source, String point) {
    assertThat(row(store).source()).as("source after death at %s", point).isEqualTo(source);
  }

  /** What a stream compares its source's catalog with has to be of the source that it has now. */
  private static void requireTableOf(Store store, TestDatabase owner, String point) {
    assertThat(
            store.orders.query(
                "select shape->>'oid' from ficus.stream_shape where stream = 'users.reference.orders'"))
        .as("the remembered table after death at %s", point)
        .containsExactly(owner.queryOne("select 'users'::regclass::oid"));
  }

  private static void awaitCopy(Store store, TestDatabase owner) {
    new Streams(new Database("orders", store.orders.address()))
        .awaitPosition(
            COPY, Marker.write(new Database("owner", owner.address())), Duration.ofSeconds(30));
  }

  @Test
  @Rule("R8")
  void shouldSwitchOnlyWhenTheCopyHasAllOfTheOldSide() throws Exception {
    try (Store store = new Store(folder)) {
      store.bring(Store.ORDERS, Phase.FOLLOWING);
      store.bring(Store.USERS, Phase.READS_MOVED);
      try (Connection slow = store.orders.connect();
          Statement statement = slow.createStatement()) {
        slow.setAutoCommit(false);
        Thread release =
            new Thread(
                () -> {
                  // The flip has come to the copy, which is behind.
                  store.orders.await(
                      "select count(*) from pg_stat_activity where application_name = 'ficus stream users.reference.orders'",
                      "1");
                  try {
                    slow.rollback();
                  } catch (SQLException e) {
                    throw new IllegalStateException(e);
                  }
                });
        // Not earlier: the slots are on the same server, and wait for its transactions.
        Runnable holdUp =
            () -> {
              try {
                statement.execute("lock table users in access exclusive mode");
              } catch (SQLException e) {
                throw new IllegalStateException(e);
              }
              store.shared.execute("insert into users (name) values ('held up')");
              store.orders.await(
                  "select count(*) from pg_stat_activity where datname = current_database() and application_name like 'ficus relay users%' and wait_event_type = 'Lock'",
                  "1");
              store.shared.execute("insert into users (name) values ('behind it')");
            };
        flip(
            store,
            new FaultScript()
                .run("control.create-reference-slots", 1, holdUp)
                .run("control.flip-publish", 1, release::start),
            Phase.WRITES_MOVED);
        release.join();
      }
      awaitCopy(store, store.users);

      assertThat(row(store).copy()).isFalse();
      assertThat(store.orders.query(CONTENT)).isEqualTo(store.users.query(CONTENT));
    }
  }

  @Test
  void shouldMakeACopyThatIsNotWholeAnewFromTheNewSide() {
    try (Store store = new Store(folder)) {
      store.bring(Store.ORDERS, Phase.FOLLOWING);
      store.bring(Store.USERS, Phase.READS_MOVED);
      store.orders.execute(
          "update ficus.stream set state = 'FAILED', failure = 'by the test' where name = 'users.reference.orders'");
      store.shared.execute("insert into users (name) values ('missed')");

      flip(store, new FaultScript(), Phase.WRITES_MOVED);
      new Streams(new Database("orders", store.orders.address()))
          .awaitStreaming(COPY, Duration.ofSeconds(30));
      store.users.execute("insert into users (name) values ('late')");
      awaitCopy(store, store.users);

      assertThat(store.orders.query(CONTENT)).isEqualTo(store.users.query(CONTENT));
      assertThat(row(store).source()).isEqualTo("users");
      assertThat(slots(store.shared)).doesNotContain("ficus_users_reference_orders_1");
    }
  }

  @Test
  void shouldCopyFromTheOwnersPrimaryWhereTheOwnerFlipsWhileItIsAskedFor() {
    try (Store store = new Store(folder)) {
      store.bring(Store.USERS, Phase.READS_MOVED);
      store.bring(Store.ORDERS, Phase.PROVISIONED);
      FaultScript faults =
          new FaultScript()
              .run(
                  "references.owners-read",
                  1,
                  () -> flip(store, new FaultScript(), Phase.WRITES_MOVED));
      try (ControlPlane control = store.control(faults)) {
        control.advance(Store.ORDERS, List.of());
        control.advance(Store.ORDERS, List.of());
      }
      assertThat(faults.reached()).contains("references.owners-read");
      store.users.execute("insert into users (name) values ('late')");
      awaitCopy(store, store.users);

      assertThat(row(store).source()).isEqualTo("users");
      assertThat(store.orders.query(CONTENT)).isEqualTo(store.users.query(CONTENT));
    }
  }
}
