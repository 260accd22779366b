package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.Epoch;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.FenceState;
import dev.ficus.testkit.Rule;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Streams of a role that is no superuser: foreign keys act, and the fence lets only it pass. */
@Rule({"R3", "R10", "R12"})
class LeastPrivilegeTest {

  private static final String OTHER = "ficus_other_" + ProcessHandle.current().pid();

  private TwoSides sides;

  @BeforeEach
  void createSides() {
    sides =
        TwoSides.ofPlainRole(
            """
            create table public.customer (id int primary key, code text unique, boss int references public.customer);
            create table public.article (id int primary key, customer int references public.customer on delete cascade, code text unique);
            create table public.account (id int primary key, customer int references public.customer on delete set null, note text);
            """);
    sides.shared.execute(
        """
        insert into public.customer select i, 'c' || i, nullif(i - 1, 0) from generate_series(1, 100) i;
        insert into public.article select i, 1 + i % 100, 'a' || i from generate_series(1, 500) i;
        insert into public.account select i, 1 + i % 100, repeat(md5(i::text), 300) from generate_series(1, 100) i;
        """);
    new Fence(sides.target, TwoSides.GROUP)
        .install(
            List.of("customer", "article", "account").stream().map(TableName::parse).toList(),
            FenceState.CLOSED,
            Epoch.FIRST,
            Duration.ofSeconds(5));
    sides.request("article", "account", "customer");
    sides.relay();
    sides.awaitStreaming();
  }

  @AfterEach
  void dropSides() {
    sides.close();
  }

  @Test
  void shouldCopyAndStreamInTheOrderOfForeignKeys() {
    assertThat(sides.service.queryOne("select current_setting('is_superuser')")).isEqualTo("off");
    sides.assertEqual("customer", "article", "account");

    sides.shared.execute(
        """
        begin;
        insert into public.customer values (201, 'new', 5);
        insert into public.article values (901, 201, 'n1'), (902, 201, 'n2');
        update public.article set customer = 201 where customer = 7;
        update public.customer set boss = null where boss in (7, 9);
        delete from public.customer where id = 7;
        delete from public.customer where id = 9;
        commit;
        """);
    sides.shared.execute("update public.article set customer = 3 where id % 2 = 0");
    sides.awaitCaughtUp();

    sides.assertEqual("customer", "article", "account");
    assertThat(sides.service.queryOne("select count(*) from public.account where customer is null"))
        .isEqualTo("2");
  }

  @Test
  void shouldLetAUniqueValueMoveFromARowThatGoesToARowThatComes() {
    sides.shared.execute(
        """
        begin;
        delete from public.customer where id = 100;
        insert into public.customer values (250, 'c100', 1);
        insert into public.article values (950, 250, 'again');
        commit;
        """);
    sides.shared.execute(
        "begin; update public.article set code = 'tmp' where id = 1; update public.article set code = 'a1' where id = 2; update public.article set code = 'a2' where id = 1; commit");
    sides.awaitCaughtUp();

    sides.assertEqual("customer", "article", "account");
  }

  @Test
  @Rule("R7")
  void shouldStopByNameWhereNoOrderOfStatementsServes() {
    sides.shared.execute(
        "begin; update public.customer set code = 'tmp' where id = 1; update public.customer set code = 'c1' where id = 2; update public.customer set code = 'c2' where id = 1; commit");

    assertThat(sides.awaitFailed().failure().orElseThrow()).contains("customer_code_key");
    assertThat(sides.service.queryOne("select count(*) from public.article")).isEqualTo("500");
  }

  @Test
  void shouldEmptyTablesAsTheSourceDid() {
    sides.shared.execute(
        "begin; truncate public.customer, public.article, public.account; insert into public.customer values (1, 'x', 1); commit");
    sides.awaitCaughtUp();

    sides.assertEqual("customer", "article", "account");
    assertThat(sides.row().failure()).isEmpty();
  }

  @Test
  void shouldKeepOthersOutOfTheFenceThatTheStreamPasses() throws Exception {
    assertThatThrownBy(() -> sides.service.execute("delete from public.article"))
        .rootCause()
        .hasMessageContaining("refused: the fence of group orders is closed");
    try (Connection superuser = sides.service.asSuperuser().connect();
        Statement statement = superuser.createStatement()) {
      statement.execute("create role " + OTHER);
      statement.execute("grant usage on schema public to " + OTHER);
      statement.execute("grant all on all tables in schema public to " + OTHER);
      statement.execute("set role " + OTHER);
      statement.execute("set ficus.applying = 'on'");
      assertThatThrownBy(() -> statement.execute("delete from public.article"))
          .hasMessageContaining("refused: the fence of group orders is closed");
      statement.execute("reset role; drop owned by " + OTHER + "; drop role " + OTHER);
    }
  }

  @Test
  void shouldWriteGuardedRowsByTheFunctionAndLeaveCascadesToTheStream() {
    sides.streams.guard(TwoSides.FORWARD, true);
    new Fence(sides.target, TwoSides.GROUP)
        .move(FenceState.DUAL, Epoch.FIRST, Duration.ofSeconds(5));
    String lsn = sides.shared.queryOne("select (pg_current_wal_insert_lsn() + 100000000)::text");

    assertThat(dualWrite("article", lsn, "[\"1\"]", "'(1,5,dual)'")).isEqualTo("1");
    assertThat(sides.service.queryOne("select code from public.article where id = 1"))
        .isEqualTo("dual");
    assertThat(dualWrite("article", lsn, "[\"2\"]", "null")).isEqualTo("1");
    assertThatThrownBy(() -> dualWrite("customer", lsn, "[\"3\"]", "null"))
        .rootCause()
        .hasMessageContaining("is left to the stream: a foreign key would change other rows");
    assertThat(
            sides.service.queryOne(
                "select count(*) from ficus.guard where table_name = 'public.customer'"))
        .isEqualTo("0");

    sides.shared.execute(
        "update public.customer set code = 'streamed' where id = 20; delete from public.article where id = 40");
    sides.awaitCaughtUp();
    assertThat(sides.service.queryOne("select code from public.customer where id = 20"))
        .isEqualTo("streamed");
    assertThat(sides.service.query("select id from public.article where id = 40")).isEmpty();
  }

  private String dualWrite(String table, String lsn, String key, String image) {
    return sides.service.queryOne(
        "select ficus.dual_write('orders', 1, 'public', '%s', '%s', array['%s'], array[%s]::text[])"
            .formatted(table, lsn, key, image));
  }
}
