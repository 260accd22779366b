package dev.ficus.relay.internal.backfill;

import dev.ficus.core.Lsn;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.TableCopies;
import dev.ficus.relay.internal.apply.StreamEnded;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * The same for tables that are copied anew while the stream's position stays: {@code
 * ficus.table_copy} says which snapshot's workers may commit.
 */
final class TableCopyRow extends CopyRow {

  TableCopyRow(StreamRow stream) {
    super(stream);
  }

  @Override
  void hold(Connection connection, Lsn consistentPoint) throws SQLException {
    if (!TableCopies.hold(connection, stream.name(), consistentPoint)) {
      throw new StreamEnded(
          "copying tables of stream " + stream.name() + " from " + consistentPoint + " has ended");
    }
  }

  /** The stream's row counts the rows of its first copy. */
  @Override
  void copied(Connection connection, long rowsInAll) {}
}
