package dev.ficus.relay.internal.backfill;

import dev.ficus.postgres.Quoted;
import dev.ficus.relay.internal.shape.CarriedColumn;
import dev.ficus.relay.internal.shape.TableShape;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.LongConsumer;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyManager;
import org.postgresql.copy.CopyOut;

/**
 * Pipes one table from the source into the target in binary form.
 *
 * <p>One row is held at a time: the sockets are the only buffers, and a slow target slows the
 * source.
 */
final class CopyPipe {

  private static final int PROGRESS_ROWS = 5_000;

  private CopyPipe() {}

  /**
   * Copies all rows.
   *
   * @param progress told now and then how many more rows were copied
   * @return how many rows the target took
   */
  static long copy(Connection source, Connection target, TableShape table, LongConsumer progress)
      throws SQLException {
    String columns = Quoted.names(table.columns().stream().map(CarriedColumn::name).toList()).sql();
    CopyManager from = source.unwrap(PGConnection.class).getCopyAPI();
    CopyManager to = target.unwrap(PGConnection.class).getCopyAPI();
    CopyOut out =
        from.copyOut(
            "copy "
                + Quoted.table(table.source())
                + " ("
                + columns
                + ") to stdout (format binary)");
    try {
      CopyIn in =
          to.copyIn(
              "copy "
                  + Quoted.table(table.target())
                  + " ("
                  + columns
                  + ") from stdin (format binary)");
      try {
        long told = 0;
        long messages = 0;
        byte[] row = out.readFromCopy();
        while (row != null) {
          in.writeToCopy(row, 0, row.length);
          messages++;
          if (messages - told >= PROGRESS_ROWS) {
            progress.accept(messages - told);
            told = messages;
          }
          row = out.readFromCopy();
        }
        long rows = in.endCopy();
        // The last message is the trailer: told may be one too many, never too few afterwards.
        progress.accept(rows - told);
        return rows;
      } finally {
        if (in.isActive()) {
          in.cancelCopy();
        }
      }
    } finally {
      if (out.isActive()) {
        out.cancelCopy();
      }
    }
  }
}
