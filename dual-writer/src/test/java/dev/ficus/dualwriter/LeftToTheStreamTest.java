package dev.ficus.dualwriter;

import static dev.ficus.dualwriter.DualWriting.BEFORE_WRITE;
import static dev.ficus.dualwriter.Sides.await;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.ficus.testkit.Rule;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What is not dual-written, which must harm nobody. */
@Rule("R1")
class LeftToTheStreamTest {

  private DualWriting dual;

  @BeforeEach
  void start() {
    dual = new DualWriting();
  }

  @AfterEach
  void stop() {
    dual.close();
  }

  @Test
  void shouldLeaveToTheStreamWhatIsTooMuchAndCommitAllTheSame() {
    long left = dual.left();

    dual.write("insert into orders select i, 'bulk', i from generate_series(1, 2001) i");
    dual.write("truncate orders");

    assertThat(dual.left()).isEqualTo(left + 2);
    assertThat(dual.sides.rows(dual.sides.shared)).isEmpty();
    assertThat(dual.sides.rows(dual.sides.service)).hasSize(1);
  }

  @Test
  void shouldNotFailTheTransactionWhenItsImagesCannotBeRead() {
    long left = dual.left();
    dual.sides.shared.execute("alter table orders rename note to remark");

    dual.write("insert into orders values (1, 'a', 1)");

    assertThat(dual.left()).isEqualTo(left + 1);
    assertThat(dual.sides.rows(dual.sides.shared)).hasSize(2);
  }

  @Test
  void shouldNotFailTheTransactionWhenTheServiceDatabaseRefuses() {
    long left = dual.left();
    dual.sides.service.execute("alter table orders add check (amount < 100)");

    dual.write("insert into orders values (1, 'a', 100)");

    assertThat(dual.left()).isEqualTo(left + 1);
    assertThat(dual.sides.rows(dual.sides.shared)).hasSize(2);
  }

  @Test
  void shouldDropAndCountWhatTheQueueCannotHold() throws Exception {
    dual.restart(new DualWriterSettings(1, 1, Duration.ZERO, Duration.ofSeconds(5)));
    CountDownLatch letGo = new CountDownLatch(1);
    int held = dual.nextWrite();
    dual.faults.hang(BEFORE_WRITE, held, letGo);
    dual.write("insert into orders values (1, 'runs', 1)");
    await(() -> dual.nextWrite() > held);
    long left = dual.left();

    dual.write("insert into orders values (2, 'queued', 1)");
    dual.write("insert into orders values (3, 'dropped', 1)");

    assertThat(dual.left()).isEqualTo(left + 1);
    letGo.countDown();
    await(() -> dual.sides.rows(dual.sides.service).size() == 3);
    assertThat(dual.sides.service.query("select note from orders order by id"))
        .containsExactly("again", "runs", "queued");
  }

  @Test
  void shouldNotOvertakeACommitThatTheSharedServerMayLose() {
    long left = dual.left();

    dual.write("set local synchronous_commit = off; insert into orders values (1, 'lost?', 1)");
    dual.write("set local synchronous_commit = local; insert into orders values (2, 'kept', 1)");

    assertThat(dual.left()).isEqualTo(left + 1);
    assertThat(dual.sides.rows(dual.sides.service))
        .containsExactly("(0,again,0,0)", "(2,kept,1,2)");
  }

  @Test
  void shouldLeaveNoMoreThanTheRowWhoseUniqueValueIsYetToBeFreed() {
    dual.sides.service.execute(
        "set session_replication_role = replica; insert into orders values (9, 'taken', 1); alter table orders add unique (note)");
    long left = dual.left();

    dual.write("insert into orders values (1, 'taken', 1)");
    dual.write("insert into orders values (2, 'free', 1)");

    assertThat(dual.left()).isEqualTo(left + 1);
    assertThat(dual.sides.service.query("select note from orders order by id"))
        .containsExactly("again", "free", "taken");
  }

  @Rule("R20")
  @Test
  void shouldNameNoValueOfARowThatTheServiceDatabaseRefuses() {
    dual.sides.service.execute("alter table orders add check (amount < 100)");
    // It sends details, as a service's own pool may.
    dual.restart(() -> dual.sides.service.connect());
    Logger logger = (Logger) LoggerFactory.getLogger(DualWriter.class);
    Level before = logger.getLevel();
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.addAppender(lines);
    logger.setLevel(Level.DEBUG);
    try {
      dual.write("insert into orders values (1, 'secret', 100)");
    } finally {
      logger.setLevel(before);
      logger.detachAppender(lines);
    }

    assertThat(lines.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .anyMatch(line -> line.contains("orders_amount_check"))
        .noneMatch(line -> line.contains("secret"));
  }
}
