package dev.ficus.dualwriter;

import static dev.ficus.dualwriter.DualWriting.execute;
import static dev.ficus.dualwriter.Sides.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.Epoch;
import dev.ficus.core.Phase;
import dev.ficus.postgres.Counter;
import dev.ficus.testkit.Rule;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DualWriterTest {

  private DualWriting dual;

  @BeforeEach
  void start() {
    dual = new DualWriting();
  }

  @AfterEach
  void stop() {
    dual.close();
  }

  @Rule("R9")
  @ParameterizedTest
  @ValueSource(
      strings = {
        "insert into orders values (1, 'a', 1.50)",
        "insert into orders select i, 'many', i from generate_series(1, 500) i",
        "insert into orders values (1, 'a', 1) on conflict (id) do update set note = 'b'",
        "update orders set note = null",
        "update orders set id = id + 100",
        "delete from orders",
        "insert into orders values (1, 'a', 1); delete from orders where id = 1",
        "delete from orders; insert into orders values (0, 'new', 7)",
        "merge into orders o using (values (0::bigint), (9)) v(id) on o.id = v.id when matched then delete when not matched then insert values (v.id, 'm', 1)",
        """
        insert into "Order lines" values ('n, "1"', 1, 'large', '2026-07-01 12:00:00.123456+02', '1 mon -3 days 04:05:06', 0.1::float8 + 0.2,
          array['a,b', null, '"'], '{"k": [1, null]}', '\\xdeadbeef', 'it''s (odd)');
        update "Order lines" set line = 2
        """
      })
  void shouldWriteToTheOtherSideWhatTheTransactionTouched(String sql) {
    long left = dual.left();

    dual.write(sql);

    assertThat(dual.sides.rows(dual.sides.service)).isEqualTo(dual.sides.rows(dual.sides.shared));
    assertThat(dual.left()).isEqualTo(left);
  }

  @Rule("R9")
  @Test
  void shouldWriteNothingOfASavepointThatWasRolledBack() throws SQLException {
    dual.transaction(
        connection -> {
          Savepoint early = connection.setSavepoint();
          execute(connection, "insert into orders values (1, 'gone', 1)");
          connection.rollback(early);
          execute(connection, "insert into orders values (2, 'stays', 1)");
          Savepoint late = connection.setSavepoint();
          execute(connection, "insert into orders values (3, 'gone', 1)");
          connection.rollback(late);
          connection.commit();
        });

    assertThat(dual.sides.rows(dual.sides.service))
        .containsExactly("(0,again,0,0)", "(2,stays,1,2)");
    assertThat(dual.sides.service.query("select row_key from ficus.guard order by 1"))
        .containsExactly("[0]", "[2]");
  }

  @Rule("R9")
  @Test
  void shouldWriteNothingWhenTheTransactionIsRolledBack() throws SQLException {
    long before = dual.counted(Counter.DUAL_WRITES);
    dual.transaction(
        connection -> {
          execute(connection, "insert into orders values (1, 'gone', 1)");
          connection.rollback();
          execute(connection, "select 1");
          connection.commit();
        });

    assertThat(dual.sides.rows(dual.sides.service)).containsExactly("(0,again,0,0)");
    assertThat(dual.counted(Counter.DUAL_WRITES)).isEqualTo(before);
  }

  @Test
  void shouldWriteEachOfSeveralTransactionsOfOneConnectionAndStatement() throws SQLException {
    try (Connection connection =
        dual.writer.wrap(dual.sides.shared.connect(), CommitListener.NONE)) {
      connection.setAutoCommit(false);
      try (PreparedStatement insert =
          connection.prepareStatement("insert into orders values (?, 'again', 1)")) {
        for (int id = 1; id <= 3; id++) {
          insert.setInt(1, id);
          insert.executeUpdate();
          connection.commit();
        }
        insert.setInt(1, 4);
        insert.executeUpdate();
        // Switching auto-commit on commits.
        connection.setAutoCommit(true);
      }
    }

    assertThat(dual.sides.rows(dual.sides.service))
        .isEqualTo(dual.sides.rows(dual.sides.shared))
        .hasSize(5);
  }

  @Test
  void shouldRefuseAStatementOutsideATransaction() throws SQLException {
    try (Connection connection =
            dual.writer.wrap(dual.sides.shared.connect(), CommitListener.NONE);
        Statement statement = connection.createStatement()) {
      assertThatThrownBy(() -> statement.execute("insert into orders values (1, 'a', 1)"))
          .isInstanceOf(DualWriteException.class)
          .hasMessageContaining("outside a transaction");
    }
    assertThat(dual.sides.rows(dual.sides.shared)).hasSize(1);
  }

  @Test
  void shouldCaptureNothingInAPhaseThatDoesNotDualWrite() {
    long written = dual.counted(Counter.DUAL_WRITES);
    dual.sides.publish(Phase.FOLLOWING, Epoch.FIRST);

    dual.write("insert into orders values (1, 'a', 1)");

    assertThat(dual.sides.rows(dual.sides.service)).hasSize(1);
    assertThat(dual.counted(Counter.DUAL_WRITES)).isEqualTo(written);
    assertThat(dual.told).isEmpty();
  }

  @Rule("R9")
  @Test
  void shouldEndWithEqualSidesWhenManyWriteTheSameRows() throws Exception {
    // One thread: two that meet on a hot row may drop one. Their order is still not the commits'.
    dual.restart(new DualWriterSettings(1, 1000, Duration.ZERO, Duration.ofSeconds(5)));
    long left = dual.left();
    dual.write("insert into orders select i, 'hot', 0 from generate_series(1, 5) i");
    List<CompletableFuture<Void>> clients = new ArrayList<>();
    for (int client = 0; client < 4; client++) {
      int seed = client;
      clients.add(CompletableFuture.runAsync(() -> hammer(seed)));
    }
    for (CompletableFuture<Void> client : clients) {
      client.get(60, TimeUnit.SECONDS);
    }
    // The queue is in order: once this has arrived, all before it have.
    dual.write("insert into orders values (1000, 'last', 0)");
    await(
        () ->
            dual.left() > left
                || !dual.sides.service.query("select id from orders where id = 1000").isEmpty());

    // Rows of dropped writes may differ, the stream would carry them; without drops none may.
    assertThat(dual.left()).as("dropped").isEqualTo(left);
    assertThat(dual.sides.rows(dual.sides.service)).isEqualTo(dual.sides.rows(dual.sides.shared));
  }

  @Test
  void shouldChangeNothingThatDeferredTriggersSee() throws SQLException {
    dual.sides.shared.execute(
        """
        create table seen (zone text, spans text);
        create function see() returns trigger language plpgsql as
        $$ begin insert into seen values (current_setting('timezone'), current_setting('intervalstyle')); return null; end $$;
        create constraint trigger see after insert on orders deferrable initially deferred for each row execute function see()
        """);

    dual.write(
        "set timezone = 'Asia/Tokyo'; set intervalstyle = 'sql_standard'; insert into orders values (1, 'a', 1)");

    assertThat(dual.sides.shared.query("select zone || '|' || spans from seen"))
        .containsExactly("Asia/Tokyo|sql_standard");
    assertThat(dual.sides.rows(dual.sides.service)).isEqualTo(dual.sides.rows(dual.sides.shared));
  }

  private void hammer(int seed) {
    try (Connection connection =
        dual.writer.wrap(dual.sides.shared.connect(), CommitListener.NONE)) {
      connection.setAutoCommit(false);
      for (int i = 0; i < 100; i++) {
        int id = 1 + (seed + i) % 5;
        execute(
            connection,
            i % 7 == 3
                ? "delete from orders where id = " + id
                : "insert into orders values ("
                    + id
                    + ", 'hot', 1) on conflict (id) do update set amount = orders.amount + 1");
        connection.commit();
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
