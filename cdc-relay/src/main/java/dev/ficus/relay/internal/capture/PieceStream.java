package dev.ficus.relay.internal.capture;

import io.debezium.connector.postgresql.PostgresSchema;
import io.debezium.connector.postgresql.connection.Lsn;
import io.debezium.connector.postgresql.connection.ReplicationStream;
import java.sql.SQLException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Takes messages off Debezium's stream and queues them in pieces; Debezium itself sees none of
 * them.
 *
 * <p>A piece leaves when it is full or when the server has nothing more at hand, so that a busy
 * stream moves in bulk and a calm one without delay.
 */
// Debezium's interface lets close() throw anything.
@SuppressWarnings("try")
final class PieceStream implements ReplicationStream {

  private final ReplicationStream stream;
  private final PieceQueue queue;
  private final MessageReader reader;
  private final AtomicReference<@Nullable Lsn> applied = new AtomicReference<>();

  PieceStream(ReplicationStream stream, PieceQueue queue, PostgresSchema schema) {
    this.stream = stream;
    this.queue = queue;
    this.reader = new MessageReader(schema);
  }

  @Override
  public void read(ReplicationMessageProcessor processor)
      throws SQLException, InterruptedException {
    stream.read(message -> reader.read(message, stream.lastReceivedLsn()));
    hand();
  }

  @Override
  public boolean readPending(ReplicationMessageProcessor processor)
      throws SQLException, InterruptedException {
    Lsn acknowledged = applied.getAndSet(null);
    if (acknowledged != null) {
      stream.flushLsn(acknowledged);
    }
    boolean received = false;
    while (!reader.isFull()
        && stream.readPending(message -> reader.read(message, stream.lastReceivedLsn()))) {
      received = true;
    }
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

  private void hand() throws InterruptedException {
    Piece piece = reader.take();
    if (!piece.messages().isEmpty()) {
      queue.put(piece);
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
