package dev.ficus.dualwriter;

import static dev.ficus.dualwriter.DualWriting.execute;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.Epoch;
import dev.ficus.core.Lsn;
import dev.ficus.core.Phase;
import dev.ficus.postgres.Counter;
import dev.ficus.testkit.Rule;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the reads of a service that has written are told. */
class CommitListenerTest {

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
  @Test
  void shouldWriteNothingWhenTheOutcomeOfTheCommitIsUnknown() {
    dual.sides.publish(Phase.READS_MOVED, Epoch.FIRST);
    dual.faults.run(
        "dualwriter.commit.before",
        dual.nextCommit(),
        () ->
            dual.sides.shared.query(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'PostgreSQL JDBC Driver' and pid <> pg_backend_pid()"));
    long before = dual.counted(Counter.DUAL_WRITES);

    assertThatThrownBy(() -> dual.write("update orders set note = 'unknown' where id = 0"))
        .hasRootCauseInstanceOf(Exception.class);

    assertThat(dual.counted(Counter.DUAL_WRITES)).isEqualTo(before);
    assertThat(dual.sides.rows(dual.sides.service)).containsExactly("(0,again,0,0)");
    assertThat(dual.told).last().isEqualTo(Optional.empty());
  }

  @Rule("R11")
  @Test
  void shouldTellHowFreshAReaderMustBeAfterTheGuard() {
    dual.sides.publish(Phase.READS_SHADOWED, Epoch.FIRST);

    dual.write("insert into orders values (1, 'a', 1)");
    dual.write("select * from orders");

    assertThat(dual.told).hasSize(1);
    Lsn guard =
        Lsn.parse(
            dual.sides.service.queryOne("select lsn::text from ficus.guard where row_key = '[1]'"));
    Lsn fresh = dual.told.get(0).orElseThrow().lsn();
    assertThat(fresh).isGreaterThan(guard);
    assertThat(dual.sides.shared.queryOne("select pg_current_wal_flush_lsn() >= '" + fresh + "'"))
        .isEqualTo("t");
  }

  @Test
  void shouldRememberNothingOfATransactionThatTheServerRolledBack() {
    dual.sides.publish(Phase.READS_MOVED, Epoch.FIRST);
    dual.sides.shared.execute("alter table orders add unique (note) deferrable initially deferred");

    assertThatThrownBy(() -> dual.write("insert into orders values (1, 'again', 1)"))
        .hasRootCauseInstanceOf(SQLException.class);

    assertThat(dual.told).isEmpty();
  }

  @Rule("R11")
  @Test
  void shouldTellOfAWriteThatNoTriggerNotedAndNoStatementShowed() throws SQLException {
    dual.sides.publish(Phase.READS_SHADOWED, Epoch.FIRST);
    dual.sides.shared.execute("alter table orders disable trigger user");

    try (Connection bare = dual.sides.shared.connect();
        Connection declared = dual.writer.wrap(bare, dual.told::add)) {
      declared.setAutoCommit(false);
      // As CopyManager does, which is unwrapped.
      execute(bare, "insert into orders values (1, 'unseen', 1)");
      declared.commit();
      assertThat(dual.told).hasSize(1);
      execute(declared, "insert into orders values (2, 'unnoted', 1)");
      declared.commit();
      assertThat(dual.told).hasSize(2).doesNotContain(Optional.empty());
      execute(declared, "select * from orders");
      declared.commit();
      declared.commit();
    }
    assertThat(dual.told).hasSize(2);
  }
}
