package dev.ficus.relay.internal.apply;

import dev.ficus.core.Lsn;
import dev.ficus.relay.internal.capture.RowImage;
import dev.ficus.relay.internal.capture.RowKey;

/** What a batch leaves of one row. */
sealed interface RowState {

  /** Where the last change of the row stands in the WAL. */
  Lsn lsn();

  /**
   * The row as it is to be.
   *
   * @param image its values; unchanged ones are found in the target
   * @param base the key under which the target holds the unchanged values, before the batch
   * @param reborn whether another row had this key before the batch, and nothing of it may stay;
   *     told only where the target has columns that the stream does not write
   */
  record Alive(Lsn lsn, RowImage image, RowKey base, boolean reborn) implements RowState {}

  /**
   * The row is to be gone.
   *
   * @param moved whether it has another key now, rather than having been deleted
   */
  record Gone(Lsn lsn, boolean moved) implements RowState {}
}
