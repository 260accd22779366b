package dev.ficus.relay.internal.ddl;

import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import java.util.Optional;

/**
 * Why a stream stands still before a change of one table.
 *
 * @param table the table as the stream knows it
 * @param lsn where the change stands in the WAL, or where it was noticed
 * @param change what changed
 * @param shape the table after it; empty where nothing is left that could be streamed
 * @param refusal why it cannot be accepted; empty where it can
 * @param rewritten whether rows were written anew without being sent
 */
public record Stop(
    TableName table,
    Lsn lsn,
    String change,
    Optional<SourceShape> shape,
    Optional<String> refusal,
    boolean rewritten) {

  /** Both as one change, this one first. */
  Stop and(Stop later) {
    return new Stop(
        table,
        later.lsn,
        change.equals(later.change) ? change : change + ", " + later.change,
        later.shape,
        refusal.or(later::refusal),
        rewritten || later.rewritten);
  }
}
