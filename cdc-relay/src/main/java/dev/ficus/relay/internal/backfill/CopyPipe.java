package dev.ficus.relay.internal.backfill;

import dev.ficus.postgres.SqlErrors;
import dev.ficus.relay.RelayException;
import java.sql.Connection;
import java.sql.SQLException;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyManager;
import org.postgresql.copy.CopyOut;

/**
 * Pipes the rows of one chunk from the source into the target in binary form.
 *
 * <p>The source sends one message a row. They are gathered into one buffer of fixed size before
 * they go on, since each message costs the target a read of its own; a larger row goes through by
 * itself. Besides that buffer the sockets are the only ones: a slow target slows the source.
 */
final class CopyPipe {

  private static final int BUFFER = 64 * 1024;

  /** Told of what goes through, and free to hold it up. */
  @FunctionalInterface
  interface Meter {
    void passed(long rows, long bytes) throws SQLException;
  }

  private CopyPipe() {}

  /**
   * Copies all rows.
   *
   * @return how many rows the target took
   */
  static long copy(Connection source, Connection target, Chunk chunk, Meter meter)
      throws SQLException {
    CopyManager from = source.unwrap(PGConnection.class).getCopyAPI();
    CopyManager to = target.unwrap(PGConnection.class).getCopyAPI();
    CopyOut out = from.copyOut(chunk.copyOut());
    try {
      CopyIn in = to.copyIn(chunk.copyIn());
      try {
        pipe(out, in, meter);
        return in.endCopy();
      } finally {
        if (in.isActive()) {
          in.cancelCopy();
        }
      }
    } catch (SQLException e) {
      throw orStop(chunk, e);
    } finally {
      if (out.isActive()) {
        out.cancelCopy();
      }
    }
  }

  /** The server does not say which row it was, and its words may hold the value. */
  private static SQLException orStop(Chunk chunk, SQLException failure) {
    if (chunk.table().mapped().isPresent()
        && failure.getSQLState() != null
        && failure.getSQLState().startsWith("22")) {
      throw RelayException.stop(
          "a row of table "
              + chunk
              + " cannot be made into one of the target by the table's transform: "
              + SqlErrors.describe(failure),
          "roll the group back to PROVISIONED, change the transform or the row, and copy anew");
    }
    return failure;
  }

  private static void pipe(CopyOut out, CopyIn in, Meter meter) throws SQLException {
    byte[] buffer = new byte[BUFFER];
    int filled = 0;
    long rows = 0;
    for (byte[] row = out.readFromCopy(); row != null; row = out.readFromCopy()) {
      if (filled + row.length > BUFFER) {
        in.writeToCopy(buffer, 0, filled);
        meter.passed(rows, filled);
        filled = 0;
        rows = 0;
      }
      if (row.length > BUFFER) {
        in.writeToCopy(row, 0, row.length);
        meter.passed(1, row.length);
      } else {
        System.arraycopy(row, 0, buffer, filled, row.length);
        filled += row.length;
        rows++;
      }
    }
    in.writeToCopy(buffer, 0, filled);
    // The last message is the trailer, which is no row.
    meter.passed(Math.max(0, rows - 1), filled);
  }
}
