package dev.ficus.relay.internal.capture;

import dev.ficus.core.Lsn;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What the slot sends, before it is known which columns are carried where. */
sealed interface SlotMessage {

  /**
   * A transaction begins.
   *
   * @param transaction the source's number of it, and where it began in the WAL
   * @param committedAt by the source's clock
   */
  record Begin(String transaction, Instant committedAt) implements SlotMessage {}

  /**
   * A row came, changed or went; images are in the relation's order.
   *
   * @param lsn where the change stands in the WAL
   * @param inserted whether it came
   * @param before the old row or its identity, where that was sent
   * @param after the new row; null where it went
   */
  record Row(
      Relation relation,
      Lsn lsn,
      boolean inserted,
      @Nullable RowImage before,
      @Nullable RowImage after)
      implements SlotMessage {}

  /** All rows of a table went. */
  record Truncate(String table, Lsn lsn) implements SlotMessage {}

  /**
   * The source tells of DDL, if it is the source that tells it.
   *
   * @param lsn where the message stands in the WAL
   */
  record Notice(String content, Lsn lsn) implements SlotMessage {}

  /**
   * A transaction ends.
   *
   * @param end the end of its commit record
   */
  record Commit(Lsn end) implements SlotMessage {}
}
