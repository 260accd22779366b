package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.FaultPoints;
import dev.ficus.core.GroupName;
import dev.ficus.core.ServiceName;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.FenceState;
import dev.ficus.postgres.Marker;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamState;
import dev.ficus.postgres.StreamTable;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.Rule;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Deletes of parents reach the children that another database has. */
@Rule("R3")
class LooseForeignKeysTest {

  private static final GroupName USERS = new GroupName("users");
  private static final StreamName COPY = StreamName.reference(USERS, new ServiceName("orders"));
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final String[] SCHEMA = {
    "create table public.users (id bigint primary key, name text)",
    """
    create table public.orders (id bigint primary key, user_id int, note text);
    create table public.lines (order_id bigint references public.orders on delete cascade, n int, primary key (order_id, n));
    """
  };

  private static final RelaySettings PIECES_OF_50 =
      new RelaySettings(
          Duration.ofMillis(50),
          Duration.ofMillis(1),
          SECOND,
          Duration.ofMillis(50),
          SECOND,
          40,
          50,
          1 << 20);

  private TwoSides sides;

  @BeforeEach
  void createSides() {
    sides = new TwoSides(SCHEMA);
  }

  @AfterEach
  void dropSides() {
    sides.close();
  }

  /** Ten users with three orders each, and the rule; the children are written in the service. */
  private void start(String onDelete) {
    sides.shared.execute(
        "insert into public.users select i, 'user ' || i from generate_series(1, 10) i");
    sides.service.execute(
        """
        insert into public.orders select i, 1 + mod(i, 10), 'n' from generate_series(1, 30) i;
        insert into public.lines select i, 1 from generate_series(1, 30) i;
        insert into ficus.loose_foreign_key values
          ('public.orders(user_id)', 'orders', 'public', 'orders', '{user_id}', 'public', 'users', '{id}', '%s');
        """
            .formatted(onDelete));
    fence()
        .install(List.of(new TableName("public", "orders")), FenceState.OPEN, Epoch.FIRST, SECOND);
    TableName users = new TableName("public", "users");
    sides.streams.requestCopy(
        COPY,
        USERS,
        Direction.REFERENCE,
        Database.SHARED,
        Epoch.FIRST,
        List.of(new StreamTable(users, users, List.of("id", "name"), List.of("id"))));
  }

  private Fence fence() {
    return new Fence(sides.target, TwoSides.GROUP);
  }

  private void stream() {
    sides.relay();
    sides.streams.awaitStreaming(COPY, TwoSides.PATIENCE);
  }

  private void catchUp() {
    sides.streams.awaitPosition(COPY, Marker.write(sides.source), TwoSides.PATIENCE);
  }

  private String orders(String condition) {
    return sides.service.queryOne("select count(*) from public.orders where " + condition);
  }

  private List<String> reported() {
    return sides.service.query(
        "select parent_key || ' ' || children || coalesce(' ' || failure, '') from ficus.deleted_parent where reported_at is not null order by 1");
  }

  private String open() {
    return sides.service.queryOne(
        "select count(*) from ficus.deleted_parent where reported_at is null");
  }

  @Test
  void shouldCascadeAsAForeignKeyDoesAndLetTriggersAct() {
    start("cascade");
    sides.service.execute(
        """
        do $$ begin create role shopkeeper; exception when duplicate_object or unique_violation then null; end $$;
        create table public.audit (order_id bigint, who text default current_user);
        alter table public.audit owner to shopkeeper;
        alter table public.orders owner to shopkeeper;
        alter table public.lines owner to shopkeeper;
        create function public.remember() returns trigger language plpgsql as
          $$ begin insert into audit values (old.id); return old; end $$;
        create trigger remember before delete on public.orders for each row execute function public.remember();
        """);
    stream();
    sides.shared.execute("delete from public.users where id in (3, 4)");
    catchUp();

    assertThat(orders("user_id in (3, 4)")).isEqualTo("0");
    assertThat(orders("true")).isEqualTo("24");
    assertThat(sides.service.queryOne("select count(*) from public.lines")).isEqualTo("24");
    assertThat(sides.service.query("select who from public.audit"))
        .as("triggers are the owner's code, and run as nobody else")
        .hasSize(6)
        .containsOnly("shopkeeper");
    assertThat(open()).isEqualTo("0");
    assertThat(reported()).isEmpty();
  }

  @Test
  void shouldNullifyAndLeaveTheRowsThere() {
    start("nullify");
    stream();
    sides.shared.execute("delete from public.users where id = 3");
    catchUp();

    assertThat(orders("user_id is null")).isEqualTo("3");
    assertThat(orders("true")).isEqualTo("30");
  }

  @Test
  void shouldReportParentsThatRowsStillPointToAndNoOthers() {
    start("restrict-report");
    sides.service.execute("delete from public.orders where user_id = 5");
    stream();
    sides.shared.execute("delete from public.users where id in (3, 5)");
    catchUp();

    assertThat(orders("user_id = 3")).isEqualTo("3");
    assertThat(reported()).containsExactly("[\"3\"] 3");
    assertThat(open()).isEqualTo("0");
  }

  @Test
  @Rule("R12")
  void shouldWaitForTheFenceAndNeverWriteBehindIt() {
    start("cascade");
    fence().move(FenceState.CLOSED, Epoch.FIRST, SECOND);
    stream();
    sides.shared.execute("delete from public.users where id in (3, 4)");
    catchUp();
    assertThat(orders("user_id in (3, 4)")).isEqualTo("6");
    assertThat(open()).isEqualTo("2");
    // There again before the fence opens: a parent that was not deleted for good.
    sides.shared.execute("insert into public.users values (4, 'again')");
    catchUp();

    fence().move(FenceState.OPEN, Epoch.FIRST, SECOND);
    await("select count(*) from ficus.deleted_parent", "0");

    assertThat(orders("user_id = 3")).isEqualTo("0");
    assertThat(orders("user_id = 4")).isEqualTo("3");
  }

  /** Each marker is an apply; the second look comes within a second. */
  private void await(String query, String value) {
    long deadline = System.nanoTime() + TwoSides.PATIENCE.toNanos();
    while (!sides.service.queryOne(query).equals(value)) {
      assertThat(System.nanoTime()).as(query).isLessThan(deadline);
      catchUp();
    }
  }

  @Test
  void shouldCarryATruncateOfTheParents() {
    start("nullify");
    stream();
    sides.shared.execute(
        "begin; truncate public.users; insert into public.users values (7, 'again'); commit");
    catchUp();

    assertThat(orders("user_id is null")).isEqualTo("27");
    assertThat(orders("user_id = 7")).isEqualTo("3");
  }

  @Test
  void shouldReportAChangedKeyAndTouchNoChildren() {
    start("cascade");
    stream();
    sides.shared.execute("update public.users set id = 99 where id = 3");
    catchUp();

    assertThat(orders("user_id = 3")).isEqualTo("3");
    assertThat(reported())
        .containsExactly(
            "[\"3\"] 3 the parent's key was changed, which no rule carries to children");
  }

  @Test
  void shouldReportWhatTheChildrensDatabaseRefusesAndCarryTheRest() {
    start("cascade");
    sides.service.execute(
        """
        create function public.refuse() returns trigger language plpgsql as
          $$ begin raise exception 'order % may not go', old.id; end $$;
        create trigger refuse before delete on public.orders for each row when (old.id = 2) execute function public.refuse();
        """);
    stream();
    sides.shared.execute("delete from public.users where id in (3, 4)");
    catchUp();

    assertThat(orders("user_id = 3")).isEqualTo("3");
    assertThat(orders("user_id = 4")).isEqualTo("0");
    assertThat(reported()).singleElement().asString().contains("[\"3\"] 3").contains("P0001");
    assertThat(sides.streams.find(COPY).orElseThrow().state()).isEqualTo(StreamState.STREAMING);
  }

  @Test
  void shouldTellAParentThatIsThereAgainAtTheEndOfALargeTransaction() {
    start("cascade");
    sides.relay(PIECES_OF_50, FaultPoints.NONE);
    sides.streams.awaitStreaming(COPY, TwoSides.PATIENCE);
    sides.shared.execute(
        """
        begin;
        delete from public.users where id in (3, 4);
        insert into public.users select i, 'more' from generate_series(100, 300) i;
        insert into public.users values (4, 'again');
        commit
        """);
    catchUp();

    assertThat(orders("user_id = 3")).isEqualTo("0");
    assertThat(orders("user_id = 4")).isEqualTo("3");
  }

  @Test
  void shouldCarryForARoleThatIsNoSuperuser() {
    sides.close();
    sides = TwoSides.ofPlainRole(SCHEMA);
    start("cascade");
    stream();
    sides.shared.execute("delete from public.users where id = 3");
    catchUp();
    assertThat(orders("user_id = 3")).isEqualTo("0");
    assertThat(sides.service.queryOne("select count(*) from public.lines")).isEqualTo("27");

    fence().move(FenceState.CLOSED, Epoch.FIRST, SECOND);
    sides.shared.execute("delete from public.users where id = 4");
    catchUp();
    assertThat(orders("user_id = 4")).isEqualTo("3");
  }

  @Test
  void shouldCarryWithTheCommitThatAppliesWhereverTheApplierDies() {
    start("nullify");
    FaultScript faults = new FaultScript();
    for (int occurrence = 1; occurrence <= 40; occurrence += 3) {
      faults.run("relay.apply.before-commit", occurrence, this::killApplier);
      faults.run("relay.apply.after-commit", occurrence, this::killApplier);
    }
    sides.relay(RelaySettings.DEFAULTS, faults);
    sides.streams.awaitStreaming(COPY, TwoSides.PATIENCE);
    for (int user = 1; user <= 10; user++) {
      sides.shared.execute("delete from public.users where id = " + user);
      catchUp();
      assertThat(orders("user_id = " + user)).as("orders of user %s", user).isEqualTo("0");
    }

    assertThat(orders("user_id is null")).isEqualTo("30");
    assertThat(sides.streams.find(COPY).orElseThrow().changes()).isEqualTo(10);
  }

  private void killApplier() {
    sides.service.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'ficus relay users%'");
  }
}
