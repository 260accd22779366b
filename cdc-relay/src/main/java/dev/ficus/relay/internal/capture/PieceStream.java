package dev.ficus.relay.internal.capture;

import io.debezium.connector.postgresql.connection.Lsn;
import io.debezium.connector.postgresql.connection.ReplicationMessage;
import io.debezium.connector.postgresql.connection.ReplicationStream;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Takes messages off Debezium's stream and queues them in pieces; Debezium itself sees none of
 * them.
 *
 * <p>A piece leaves when it is full, or when the server has nothing more at hand. The driver waits
 * a millisecond before it says so: in a steady trickle something comes each time, so a transaction
 * that had to be waited for ends a piece too. A stream that keeps up is looked at once an interval,
 * which makes one transaction of the target of what has come in between; one that is behind, which
 * a piece with much in it tells, moves without a pause. A full piece is always followed by another
 * one, so that what is written may wait for it.
 */
// Debezium's interface lets close() throw anything.
@SuppressWarnings("try")
final class PieceStream implements ReplicationStream {

  /** A message that took longer was not at hand, or is so large that its piece holds much. */
  private static final long AT_HAND_NANOS = 100_000;

  private final ReplicationStream stream;
  private final PieceQueue queue;
  private final MessageReader reader;
  private final long intervalNanos;
  private final AtomicReference<@Nullable Lsn> applied = new AtomicReference<>();
  private boolean behind;
  private boolean followed;
  private long handedAt;

  /**
   * @param interval the shortest time between two pieces of a stream that keeps up
   */
  PieceStream(ReplicationStream stream, PieceQueue queue, MessageReader reader, Duration interval) {
    this.stream = stream;
    this.queue = queue;
    this.reader = reader;
    this.intervalNanos = interval.toNanos();
    this.handedAt = System.nanoTime() - intervalNanos;
  }

  @Override
  public void read(ReplicationMessageProcessor processor)
      throws SQLException, InterruptedException {
    stream.read(this::take);
    hand();
  }

  @Override
  public boolean readPending(ReplicationMessageProcessor processor)
      throws SQLException, InterruptedException {
    Lsn acknowledged = applied.getAndSet(null);
    if (acknowledged != null) {
      stream.flushLsn(acknowledged);
    }
    if (!behind) {
      LockSupport.parkNanos(handedAt + intervalNanos - System.nanoTime());
    }
    boolean received = false;
    boolean waited = false;
    while (!reader.isFull() && !(waited && reader.endsWithCommit())) {
      long asked = System.nanoTime();
      if (!stream.readPending(this::take)) {
        break;
      }
      received = true;
      waited |= System.nanoTime() - asked > AT_HAND_NANOS;
    }
    behind = reader.holdsMuch();
    hand();
    return received;
  }

  /**
   * Has the thread that reads acknowledge up to here, soon: the driver's connection has one lock,
   * and whoever applied would wait for it tens of milliseconds while messages are looked for.
   */
  void acknowledge(Lsn lsn) {
    applied.set(lsn);
  }

  private void take(ReplicationMessage message) {
    reader.read(message, stream.lastReceivedLsn());
  }

  private void hand() throws InterruptedException {
    Piece piece = reader.take();
    if (!piece.messages().isEmpty() || followed) {
      queue.put(piece);
      handedAt = System.nanoTime();
      followed = piece.followed();
    }
  }

  @Override
  public void flushLsn(Lsn lsn) throws SQLException {
    stream.flushLsn(lsn);
  }

  @Override
  public Lsn lastReceivedLsn() {
    return stream.lastReceivedLsn();
  }

  @Override
  public Lsn startLsn() {
    return stream.startLsn();
  }

  @Override
  public void startKeepAlive(ExecutorService service) {
    stream.startKeepAlive(service);
  }

  @Override
  public void stopKeepAlive() {
    stream.stopKeepAlive();
  }

  @Override
  public void close() throws Exception {
    stream.close();
  }
}
