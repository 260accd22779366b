package dev.ficus.relay.internal.capture;

import dev.ficus.core.Lsn;
import dev.ficus.relay.internal.shape.TableShape;
import org.jspecify.annotations.Nullable;

/** One change of one source transaction, its values in the order of the table's carried columns. */
public sealed interface Change {

  /** The table. */
  TableShape table();

  /** Where the change itself stands in the WAL. */
  Lsn lsn();

  /**
   * A row came to be or changed.
   *
   * @param image the row after it; {@linkplain RowImage#isUnchanged unchanged} where a value stayed
   *     as it was
   * @param before the key it had before, where it changed; those unchanged values are found there
   * @param inserted whether it came to be
   */
  record Written(
      TableShape table, Lsn lsn, RowImage image, @Nullable RowKey before, boolean inserted)
      implements Change {}

  /** A row went. */
  record Deleted(TableShape table, Lsn lsn, RowKey key) implements Change {}

  /** All rows went. */
  record Truncated(TableShape table, Lsn lsn) implements Change {}
}
