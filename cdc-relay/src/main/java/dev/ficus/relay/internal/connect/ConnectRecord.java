package dev.ficus.relay.internal.connect;

import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.capture.Change;
import java.time.Instant;
import java.util.Map;

/** What one record of the connector's topics says, where it says something to a stream. */
sealed interface ConnectRecord {

  /**
   * A transaction is whole.
   *
   * @param xid the source's number of it
   * @param end the end of its commit record
   * @param changes how many changes it has of each table, by the names that Debezium gives them
   */
  record End(long xid, Lsn end, Instant committedAt, Map<String, Long> changes)
      implements ConnectRecord {}

  /**
   * One change.
   *
   * @param xid its transaction's number
   * @param previous where the transaction ended that the connector read before this one
   * @param place its place among the transaction's changes, from 1
   * @param placeInTable its place among those of its table, from 1
   * @param lsn where it stands in the WAL
   */
  record Row(
      long xid,
      Lsn previous,
      long place,
      long placeInTable,
      TableName table,
      Lsn lsn,
      Content content,
      long characters)
      implements ConnectRecord {}

  /** What a change does, or why that cannot be read: one that the snapshot has need not be. */
  sealed interface Content {

    /**
     * The change.
     *
     * @throws RelayException why it cannot be read
     */
    Change change();

    record Read(Change change) implements Content {}

    record Refused(RelayException why) implements Content {

      @Override
      public Change change() {
        throw why;
      }
    }
  }
}
