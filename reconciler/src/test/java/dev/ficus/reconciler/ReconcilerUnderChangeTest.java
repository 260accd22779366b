package dev.ficus.reconciler;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.ficus.core.TableName;
import dev.ficus.postgres.StreamTable;
import dev.ficus.reconciler.Finding.Kind;
import dev.ficus.reconciler.Reconciliation.Outcome;
import dev.ficus.testkit.Rule;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

@Rule("R17")
@Timeout(120)
class ReconcilerUnderChangeTest {

  private static final TableName ITEMS = new TableName("public", "items");
  private static final StreamTable TABLE =
      TwoSides.table("items", List.of("id", "n", "name"), List.of("id"));

  private TwoSides sides;

  @BeforeEach
  void create() {
    sides = new TwoSides();
    sides.both(
        """
        create table public.items (id int primary key, n int not null default 0, name text);
        insert into public.items select i, 0, 'secret ' || i from generate_series(1, 1500) i;
        """);
    sides.stream(TwoSides.ARRIVED, TABLE);
  }

  @AfterEach
  void drop() {
    sides.close();
  }

  @Test
  void shouldNeverReportRowsThatAreOnTheirWay() throws Exception {
    try (LaggingStream stream = LaggingStream.start(sides, 42)) {
      long suspects = 0;
      for (int run = 0; run < 8; run++) {
        Reconciliation result = sides.reconcile(settings(40), TABLE);
        assertThat(result.findings()).isEmpty();
        assertThat(result.reasons()).isEmpty();
        assertThat(result.outcome()).isEqualTo(Outcome.CLEAN);
        suspects += result.tables().get(0).suspects();
      }
      assertThat(suspects).as("rows caught on their way").isGreaterThan(20);
      assertThat(stream.writes()).isGreaterThan(100);
    }
  }

  @Test
  void shouldReportExactlyTheCorruptedRowsWhileOthersChange() throws Exception {
    try (LaggingStream stream = LaggingStream.start(sides, 43)) {
      // The writer leaves keys above 1400 alone.
      sides
          .target()
          .execute(
              """
              update public.items set n = n + 1 where id = 1450;
              delete from public.items where id = 1470;
              insert into public.items values (5000, 0, 'ghost');
              """);

      Reconciliation result = sides.reconcile(settings(40), TABLE);

      assertThat(result.findings())
          .containsExactlyInAnyOrder(
              new Finding(ITEMS, "[1450]", Kind.DIFFERENT),
              new Finding(ITEMS, "[1470]", Kind.MISSING),
              new Finding(ITEMS, "[5000]", Kind.EXTRA));
      assertThat(result.outcome()).isEqualTo(Outcome.MISMATCH);
      assertThat(stream.writes()).isPositive();
    }
  }

  @Test
  void shouldNotJudgeARowThatChangesThroughAllTries() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    CountDownLatch writing = new CountDownLatch(20);
    // The stream says that it has arrived while the target stays behind for ever: only the source's
    // changes keep this row from being a mismatch.
    CompletableFuture<Void> writer =
        CompletableFuture.runAsync(
            () -> {
              try (Connection connection = sides.source().connect();
                  Statement statement = connection.createStatement()) {
                while (!stop.get()) {
                  statement.execute("update public.items set n = n + 1 where id = 7");
                  writing.countDown();
                }
              } catch (SQLException e) {
                throw new IllegalStateException(e);
              }
            });
    try {
      assertThat(writing.await(20, TimeUnit.SECONDS)).isTrue();

      Reconciliation result = sides.reconcile(settings(4), TABLE);

      assertThat(result.findings()).isEmpty();
      assertThat(result.outcome()).isEqualTo(Outcome.UNKNOWN);
      assertThat(result.reasons()).singleElement().asString().contains("1 rows kept changing");
    } finally {
      stop.set(true);
      writer.get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  void shouldNotKnowWhenAQueryRunsOutOfTime() throws SQLException {
    try (Connection blocker = sides.target().connect();
        Statement statement = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      statement.execute("lock table public.items in access exclusive mode");

      Reconciliation result =
          sides.reconcile(
              new ReconcilerSettings(
                  100, 50, 5, Duration.ofSeconds(5), Duration.ofMillis(300), 100),
              TABLE);

      assertThat(result.outcome()).isEqualTo(Outcome.UNKNOWN);
      assertThat(result.reasons()).singleElement().asString().contains("57014");
      blocker.rollback();
    }
  }

  @Test
  void shouldNotKnowWhenTheConnectionBreaks() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    CompletableFuture<Void> killer =
        CompletableFuture.runAsync(
            () -> {
              while (!stop.get()) {
                sides
                    .target()
                    .query(
                        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                            + " and application_name = 'ficus reconciler'");
              }
            });
    try {
      Reconciliation result = sides.reconcile(settings(5), TABLE, TABLE, TABLE, TABLE);
      assertThat(result.outcome()).isEqualTo(Outcome.UNKNOWN);
      assertThat(result.reasons()).isNotEmpty();
    } finally {
      stop.set(true);
      killer.get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  @Rule("R20")
  void shouldLogNeitherValuesNorShowThemInFindings() {
    Logger logger = (Logger) LoggerFactory.getLogger("dev.ficus");
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.setLevel(Level.TRACE);
    logger.addAppender(lines);
    try {
      sides.target().execute("update public.items set name = 'secret changed' where id < 40");

      Reconciliation result = sides.reconcile(settings(5), TABLE);

      assertThat(result.findings()).hasSize(39);
      assertThat(result.toString()).doesNotContain("secret");
      assertThat(lines.list).isNotEmpty();
      assertThat(lines.list).noneMatch(line -> line.getFormattedMessage().contains("secret"));
    } finally {
      logger.detachAppender(lines);
      logger.setLevel(null);
    }
  }

  private static ReconcilerSettings settings(int tries) {
    return new ReconcilerSettings(
        100, 50, tries, Duration.ofSeconds(10), Duration.ofSeconds(20), 1_000);
  }
}
