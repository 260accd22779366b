package dev.ficus.relay.internal.supervise;

import dev.ficus.postgres.StreamRow;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * The right to run a stream: a session lock in the target, on the very connection that applies.
 *
 * <p>The race it closes: a relay hangs, another one takes over, the first one wakes and writes. The
 * lock ends with its connection and nothing else; a relay that lost it has lost the connection it
 * would write on.
 */
final class Lease {

  /** Ficus's first key of advisory locks for streams. */
  private static final int CLASS = 1179206486;

  private Lease() {}

  /** Takes the lease for this connection's lifetime, unless another connection has it. */
  static boolean take(Connection target, StreamRow stream) throws SQLException {
    try (PreparedStatement lock =
        target.prepareStatement("select pg_try_advisory_lock(?, hashtext(?))")) {
      lock.setInt(1, CLASS);
      lock.setString(2, "ficus.stream." + stream.name());
      try (ResultSet row = lock.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }
}
