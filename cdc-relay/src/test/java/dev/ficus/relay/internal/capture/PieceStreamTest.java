package dev.ficus.relay.internal.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.debezium.connector.postgresql.connection.Lsn;
import io.debezium.connector.postgresql.connection.ReplicationMessage.Operation;
import io.debezium.connector.postgresql.connection.ReplicationStream;
import io.debezium.connector.postgresql.connection.TransactionMessage;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PieceStreamTest {

  private final PieceQueue pieces = new PieceQueue();

  @Test
  void shouldHandOverEachTransactionOfATrickleThatNeverPauses() throws Exception {
    PieceStream stream = stream(Duration.ZERO);

    for (int n = 0; n < 20; n++) {
      assertThat(stream.readPending(message -> {})).isTrue();
      List<Piece> handed = pieces.take(Duration.ZERO);
      assertThat(handed).hasSize(1);
      assertThat(handed.get(0).messages())
          .as("the messages that came before the first wait was over")
          .hasSize(2)
          .last()
          .isInstanceOf(SlotMessage.Commit.class);
    }
  }

  @Test
  void shouldLookOnceAnIntervalWhileTheStreamKeepsUp() throws Exception {
    PieceStream stream = stream(Duration.ofMillis(50));
    long begun = System.nanoTime();

    for (int n = 0; n < 10; n++) {
      stream.readPending(message -> {});
    }

    assertThat(Duration.ofNanos(System.nanoTime() - begun))
        .isGreaterThanOrEqualTo(Duration.ofMillis(9 * 50));
  }

  @Test
  void shouldNotPauseWhileWhatComesIsMuch() throws Exception {
    PieceStream stream = stream(200, Duration.ofSeconds(30));
    long begun = System.nanoTime();

    for (int n = 0; n < 5; n++) {
      stream.readPending(message -> {});
    }

    assertThat(pieces.take(Duration.ZERO)).hasSize(5);
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(20));
  }

  @Test
  void shouldLetAnotherPieceFollowAFullOneThoughNothingComes() throws Exception {
    Trickle trickle = new Trickle(1024);
    PieceStream stream = stream(trickle, Duration.ZERO);
    stream.readPending(message -> {});
    trickle.ended = true;
    stream.readPending(message -> {});
    stream.readPending(message -> {});

    List<Piece> handed = pieces.take(Duration.ZERO);
    assertThat(handed).extracting(Piece::followed).containsExactly(true, false);
    assertThat(handed.get(1).messages()).isEmpty();
  }

  private PieceStream stream(Duration interval) {
    return stream(2, interval);
  }

  /**
   * @param messages how many each transaction has
   */
  private PieceStream stream(int messages, Duration interval) {
    return stream(new Trickle(messages), interval);
  }

  private PieceStream stream(Trickle trickle, Duration interval) {
    return new PieceStream(trickle, pieces, new MessageReader(table -> List.of()), interval);
  }

  /** A transaction a millisecond, whenever it is asked: some beginnings, and one end. */
  private static final class Trickle implements ReplicationStream {

    private final int messages;
    private boolean ended;
    private long read;

    Trickle(int messages) {
      this.messages = messages;
    }

    @Override
    public boolean readPending(ReplicationMessageProcessor processor)
        throws SQLException, InterruptedException {
      if (ended) {
        return false;
      }
      if (read % messages == 0) {
        TimeUnit.MILLISECONDS.sleep(1);
      }
      read++;
      boolean ends = read % messages == 0;
      processor.process(
          new TransactionMessage(
              ends ? Operation.COMMIT : Operation.BEGIN, read, Instant.ofEpochSecond(read)));
      return true;
    }

    @Override
    public void read(ReplicationMessageProcessor processor)
        throws SQLException, InterruptedException {
      readPending(processor);
    }

    @Override
    public void flushLsn(Lsn lsn) {}

    @Override
    public Lsn lastReceivedLsn() {
      return Lsn.valueOf(read);
    }

    @Override
    public Lsn startLsn() {
      return Lsn.valueOf(0L);
    }

    @Override
    public void startKeepAlive(ExecutorService service) {}

    @Override
    public void stopKeepAlive() {}

    @Override
    public void close() {}
  }
}
