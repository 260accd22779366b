package dev.ficus.postgres.ddl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@Rule("R15")
class ForeignKeysTest {

  private static final Duration LOCK = Duration.ofSeconds(5);
  private static final String KEYS =
      "select format('%s %s %s %s', conrelid::regclass, conname, convalidated, pg_get_constraintdef(oid)) from pg_constraint"
          + " where contype = 'f' order by 1";

  private TestDatabase test;
  private Database database;

  @BeforeEach
  void create() {
    test = TestPostgres.create();
    database = new Database(Database.SHARED, test.address());
    test.execute(
        """
        create table public.users (id int primary key, boss int references public.users);
        create table public.orders (id int primary key, "User" int constraint "FK ""u""\" references public.users on delete cascade,
          parent int references public.orders);
        create table public.items (id int primary key, order_id int references public.orders, product int);
        create table public.products (id int primary key);
        create table public.invoices (id int primary key, order_id int);
        alter table public.items add constraint later foreign key (product) references public.products not valid;
        create table public.parts (id int, order_id int references public.orders deferrable initially deferred, primary key (id)) partition by range (id);
        create table public.part partition of public.parts for values from (0) to (100);
        insert into public.users values (1, null); insert into public.orders values (5, 1, null); insert into public.invoices values (1, 5);
        alter table public.invoices add constraint invoice_order foreign key (order_id) references public.orders;
        """);
  }

  @AfterEach
  void drop() {
    test.close();
  }

  private List<ForeignKey> crossing() throws SQLException {
    try (Connection connection = database.connect("test")) {
      return ForeignKeys.crossing(
          connection, List.of(new TableName("public", "orders"), new TableName("public", "items")));
    }
  }

  @Test
  void shouldFindThoseThatCrossInEitherDirectionOnly() throws SQLException {
    assertThat(crossing())
        .extracting(key -> key.table() + " " + key.name() + " " + key.leaving())
        .containsExactly(
            "public.invoices invoice_order false",
            "public.items later true",
            "public.orders FK \"u\" true",
            "public.parts parts_order_id_fkey false");
  }

  @Test
  void shouldRestoreExactlyWhatWasReleased() throws SQLException {
    List<String> before = test.query(KEYS);
    List<ForeignKey> keys = crossing();

    ForeignKeys.release(database, keys, LOCK);
    ForeignKeys.release(database, keys, LOCK);
    assertThat(crossing()).isEmpty();
    ForeignKeys.restore(database, keys, LOCK);
    ForeignKeys.restore(database, keys, LOCK);

    assertThat(test.query(KEYS)).isEqualTo(before);
  }

  @Test
  void shouldSayWhichKeyFailsAndFinishOnceTheRowIsMended() throws SQLException {
    List<String> before = test.query(KEYS);
    List<ForeignKey> keys = crossing();
    ForeignKeys.release(database, keys, LOCK);
    test.execute("insert into public.invoices values (2, 987654321)");

    assertThatThrownBy(() -> ForeignKeys.restore(database, keys, LOCK))
        .isInstanceOfSatisfying(
            PostgresException.class, error -> assertThat(error.sqlState()).isEqualTo("23503"))
        .hasMessageContaining("invoice_order of public.invoices in shared")
        .hasMessageNotContaining("987654321");

    test.execute("delete from public.invoices where id = 2");
    ForeignKeys.restore(database, keys, LOCK);
    assertThat(test.query(KEYS)).isEqualTo(before);
  }
}
