package dev.ficus.relay.internal.supervise;

import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.Streams;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * The right to run a stream, or to write its topic: a session lock in the target. Whoever runs a
 * stream has it on the very connection that applies.
 *
 * <p>The race it closes: a relay hangs, another one takes over, the first one wakes and writes. The
 * lock ends with its connection and nothing else; a relay that lost it has lost the connection it
 * would write on. A publisher that lost it is refused by the brokers once another one has begun.
 */
final class Lease {

  private final String name;

  private Lease(String name) {
    this.name = name;
  }

  static Lease of(StreamRow stream) {
    return new Lease(Streams.lease(stream.name()));
  }

  static Lease ofTopic(String topic) {
    return new Lease("ficus.topic." + topic);
  }

  /** Takes the lease for this connection's lifetime, unless another connection has it. */
  boolean take(Connection target) throws SQLException {
    try (PreparedStatement lock =
        target.prepareStatement("select pg_try_advisory_lock(?, hashtext(?))")) {
      lock.setInt(1, Streams.LEASE_CLASS);
      lock.setString(2, name);
      try (ResultSet row = lock.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }
}
