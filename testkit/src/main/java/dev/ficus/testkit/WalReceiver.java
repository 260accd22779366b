package dev.ficus.testkit;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;
import org.postgresql.replication.LogSequenceNumber;

/** What a server takes for a physical standby: a connection that is sent its WAL. */
public final class WalReceiver implements AutoCloseable {

  private final Connection connection;

  private WalReceiver(Connection connection) {
    this.connection = connection;
  }

  /** Begins to receive from now on, as the database's user. */
  public static WalReceiver start(TestDatabase database) {
    Properties properties = new Properties();
    PGProperty.USER.set(properties, database.address().user());
    PGProperty.PASSWORD.set(properties, database.address().password().reveal());
    PGProperty.REPLICATION.set(properties, "database");
    PGProperty.PREFER_QUERY_MODE.set(properties, "simple");
    PGProperty.ASSUME_MIN_SERVER_VERSION.set(properties, "14");
    try {
      Connection connection = DriverManager.getConnection(database.address().url(), properties);
      connection
          .unwrap(PGConnection.class)
          .getReplicationAPI()
          .replicationStream()
          .physical()
          .withStartPosition(
              LogSequenceNumber.valueOf(database.queryOne("select pg_current_wal_lsn()")))
          .start();
      return new WalReceiver(connection);
    } catch (SQLException e) {
      throw new IllegalStateException("receiving the WAL of " + database.address() + " failed", e);
    }
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      throw new IllegalStateException("ending a WAL receiver failed", e);
    }
  }
}
