package dev.ficus.relay.internal.apply;

import dev.ficus.core.Lsn;
import java.time.Instant;

/**
 * How far one commit in the target takes the stream.
 *
 * @param from the position before
 * @param end the commit of the last source transaction that it holds
 * @param committedAt when that one committed, by the source's clock
 * @param transactions how many source transactions it holds
 * @param changes how many row changes
 */
record Advance(Lsn from, Lsn end, Instant committedAt, int transactions, long changes) {

  /** One more transaction after these. */
  Advance and(Lsn nextEnd, Instant nextCommittedAt, long more) {
    return new Advance(from, nextEnd, nextCommittedAt, transactions + 1, changes + more);
  }

  /** These and those that come behind them. */
  Advance and(Advance next) {
    return new Advance(
        from, next.end, next.committedAt, transactions + next.transactions, changes + next.changes);
  }
}
