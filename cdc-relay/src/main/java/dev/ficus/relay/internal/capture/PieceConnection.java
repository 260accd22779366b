package dev.ficus.relay.internal.capture;

import io.debezium.connector.postgresql.connection.Lsn;
import io.debezium.connector.postgresql.connection.ReplicationConnection;
import io.debezium.connector.postgresql.connection.ReplicationStream;
import io.debezium.connector.postgresql.connection.WalPositionLocator;
import io.debezium.connector.postgresql.spi.SlotCreationResult;
import java.sql.SQLException;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Debezium's connection to the slot, with a stream of ours around the one that it starts. */
// Debezium's interface lets close() throw anything.
@SuppressWarnings("try")
final class PieceConnection implements ReplicationConnection {

  private final ReplicationConnection connection;
  private final Lsn position;
  private final UnaryOperator<ReplicationStream> onStart;

  PieceConnection(
      ReplicationConnection connection, Lsn position, UnaryOperator<ReplicationStream> onStart) {
    this.connection = connection;
    this.position = position;
    this.onStart = onStart;
  }

  @Override
  public ReplicationStream startStreaming(WalPositionLocator walPosition)
      throws SQLException, InterruptedException {
    // The slot may lag behind the position: from there, nothing that was applied is sent again.
    return onStart.apply(connection.startStreaming(position, walPosition));
  }

  @Override
  public ReplicationStream startStreaming(Lsn offset, WalPositionLocator walPosition)
      throws SQLException, InterruptedException {
    return startStreaming(walPosition);
  }

  @Override
  public Optional<SlotCreationResult> createReplicationSlot() throws SQLException {
    return connection.createReplicationSlot();
  }

  @Override
  public void initConnection() throws SQLException, InterruptedException {
    connection.initConnection();
  }

  @Override
  public boolean isConnected() throws SQLException {
    return connection.isConnected();
  }

  @Override
  public void reconnect() throws SQLException {
    connection.reconnect();
  }

  @Override
  public void close() throws Exception {
    connection.close();
  }
}
