package dev.ficus.postgres.ddl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.FenceState;
import dev.ficus.postgres.FicusSchema;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.SqlErrors;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@Rule("R19")
class RetirementTest {

  private static final Duration LOCK = Duration.ofSeconds(5);
  private static final TableName ORDERS = new TableName("public", "Größe \"x\"");
  private static final TableName TWIN = new TableName("sales", "Größe \"x\"");
  private static final List<TableName> TABLES = List.of(ORDERS, TWIN);

  private TestDatabase test;
  private Database database;

  @BeforeEach
  void create() {
    test = TestPostgres.create();
    database = new Database(Database.SHARED, test.address());
    test.execute(
        """
        create schema sales;
        create table public."Größe ""x""\" (id serial primary key, n int);
        create table sales."Größe ""x""\" (id bigint generated always as identity primary key, o int references public."Größe ""x""\");
        create view public.v as select count(*) as n from public."Größe ""x""\";
        """);
  }

  @AfterEach
  void drop() {
    test.close();
  }

  @Test
  void shouldRenameAsideAndBackLeavingTheCatalogAsItWas() {
    List<String> before = CatalogListing.of(test);

    Retirement.rename(database, TABLES, LOCK);
    Retirement.rename(database, TABLES, LOCK);

    assertThat(
            test.query(
                "select format('%s.%s', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace where relkind = 'r' and nspname ~ '^(public|sales|ficus_retired|ficus_retired_sales)$' order by 1"))
        .containsExactly("ficus_retired.Größe \"x\"", "ficus_retired_sales.Größe \"x\"");
    assertThat(test.queryOne("select n from public.v")).isEqualTo("0");
    assertThatThrownBy(() -> test.execute("select * from public.\"Größe \"\"x\"\"\""))
        .rootCause()
        .hasMessageContaining("does not exist");

    Retirement.renameBack(database, TABLES, LOCK);
    Retirement.renameBack(database, TABLES, LOCK);
    test.execute("drop schema ficus_retired; drop schema ficus_retired_sales");
    assertThat(CatalogListing.of(test)).isEqualTo(before);
  }

  @Test
  void shouldRetireTablesOfTwoGroupsAtOnce() throws Exception {
    test.execute("create table public.one (id int); create table public.two (id int)");
    List<List<TableName>> groups =
        List.of(List.of(new TableName("public", "one")), List.of(new TableName("public", "two")));
    ExecutorService operators = Executors.newFixedThreadPool(2);
    try {
      for (int round = 0; round < 30; round++) {
        CyclicBarrier together = new CyclicBarrier(2);
        List<Future<?>> runs = new ArrayList<>();
        for (List<TableName> group : groups) {
          runs.add(
              operators.submit(
                  () -> {
                    together.await();
                    Retirement.rename(database, group, LOCK);
                    return null;
                  }));
        }
        for (Future<?> run : runs) {
          run.get();
        }
        groups.forEach(group -> Retirement.renameBack(database, group, LOCK));
        test.execute("drop schema ficus_retired");
      }
    } finally {
      operators.shutdownNow();
    }
  }

  @Test
  void shouldTakePartitionsAlong() {
    TableName root = new TableName("public", "r");
    test.execute(
        """
        create table public.r (id int, k int, primary key (id, k)) partition by range (id);
        create table public.r1 partition of public.r for values from (0) to (10) partition by list (k);
        create table public.r1a partition of public.r1 for values in (1);
        insert into public.r values (1, 1);
        """);
    List<String> before = CatalogListing.of(test);

    Retirement.rename(database, List.of(root), LOCK);

    assertThat(
            test.query(
                "select relname from pg_class where relnamespace = 'ficus_retired'::regnamespace and relkind in ('r', 'p') order by 1"))
        .containsExactly("r", "r1", "r1a");
    Retirement.renameBack(database, List.of(root), LOCK);
    test.execute("drop schema ficus_retired");
    assertThat(CatalogListing.of(test)).isEqualTo(before);
    test.execute("create schema old; alter table public.r1a set schema old");
    assertThatThrownBy(() -> Retirement.rename(database, List.of(root), LOCK))
        .hasMessageContaining("partition old.r1a of public.r lies in another schema than its root");
  }

  @Test
  void shouldStaySealed() {
    FicusSchema.install(database);
    Fence fence = new Fence(database, new GroupName("orders"));
    fence.install(TABLES, FenceState.SEALED, Epoch.FIRST, LOCK);

    Retirement.rename(database, TABLES, LOCK);

    assertThatThrownBy(
            () -> test.execute("insert into ficus_retired.\"Größe \"\"x\"\"\" (n) values (1)"))
        .satisfies(error -> assertThat(SqlErrors.has(error, SqlErrors.FENCE_CLOSED)).isTrue());
  }

  @Test
  void shouldChangeNothingWhenOneTableIsInUse() throws SQLException {
    try (Connection user = test.connect();
        Statement statement = user.createStatement()) {
      user.setAutoCommit(false);
      statement.execute("select * from sales.\"Größe \"\"x\"\"\"");

      assertThatThrownBy(() -> Retirement.rename(database, TABLES, Duration.ofMillis(200)))
          .isInstanceOfSatisfying(
              PostgresException.class,
              error -> assertThat(error.sqlState()).isEqualTo(SqlErrors.LOCK_NOT_AVAILABLE));
      user.rollback();
    }
    assertThat(test.query("select nspname::text from pg_namespace where nspname = 'ficus_retired'"))
        .isEmpty();
  }

  @Test
  void shouldAskAPersonWhenTheOldNameIsTakenAgainOrTheTableIsGone() {
    Retirement.rename(database, TABLES, LOCK);
    test.execute("create table public.\"Größe \"\"x\"\"\" (id int)");
    assertThatThrownBy(() -> Retirement.renameBack(database, TABLES, LOCK))
        .hasMessageContaining("both ")
        .hasMessageContaining("exist");

    assertThatThrownBy(
            () -> Retirement.rename(database, List.of(new TableName("public", "nope")), LOCK))
        .hasMessageContaining("neither public.nope nor ficus_retired.nope exists");
  }

  @Test
  void shouldNotDropWhatOthersDependOn() {
    Retirement.rename(database, TABLES, LOCK);

    assertThatThrownBy(() -> test.execute(Retirement.dropSql(TABLES)))
        .rootCause()
        .hasMessageContaining("other objects depend on");
    test.execute("drop view public.v");
    test.execute(Retirement.dropSql(TABLES));
  }

  @Test
  void shouldKeepLongNamesApart() {
    TableName one = Retirement.retired(new TableName("s".repeat(60) + "1", "t"));
    TableName two = Retirement.retired(new TableName("s".repeat(60) + "2", "t"));

    assertThat(one).isNotEqualTo(two);
    assertThat(one.schema()).hasSizeLessThan(64);
  }
}
