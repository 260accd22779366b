package dev.ficus.postgres;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.Lsn;
import dev.ficus.core.Via;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A stream as its row in the target database describes it.
 *
 * @param name its name
 * @param group the group whose tables it carries
 * @param direction which way
 * @param source the manifest's name of the source database
 * @param epoch the epoch it was requested at
 * @param slot its slot in the source
 * @param publication its publication in the source
 * @param copy whether it begins with a backfill; otherwise its slot exists and it begins at its
 *     position
 * @param guarded whether it writes rows through their guards (rule R10)
 * @param via how it travels
 * @param state where it stands
 * @param identity the source server that the position belongs to; empty before the slot exists
 * @param position every source transaction that committed at or before it is applied
 * @param positionAt when the position last moved, by the target's clock
 * @param lag from the last applied transaction's commit to its apply
 * @param rowsCopied rows backfilled, until the first copy ended or died
 * @param rowsEstimated the catalog's estimate of the rows to backfill, once known
 * @param tablesToCopy tables that have yet to be copied, at first or anew, before all are as of the
 *     position
 * @param transactions source transactions applied
 * @param changes row changes applied
 * @param failure why it failed
 * @param advice what to do about that
 * @param copying how far its copy is, once it has begun; stays after it ended
 * @param tables what it carries
 */
public record StreamRow(
    StreamName name,
    GroupName group,
    Direction direction,
    String source,
    Epoch epoch,
    String slot,
    String publication,
    boolean copy,
    boolean guarded,
    Via via,
    StreamState state,
    Optional<ServerIdentity> identity,
    Lsn position,
    Optional<Instant> positionAt,
    Optional<Duration> lag,
    long rowsCopied,
    Optional<Long> rowsEstimated,
    int tablesToCopy,
    long transactions,
    long changes,
    Optional<String> failure,
    Optional<String> advice,
    Optional<CopyProgress> copying,
    List<StreamTable> tables) {

  public StreamRow {
    tables = List.copyOf(tables);
  }

  /** The same stream with other tables. */
  public StreamRow withTables(List<StreamTable> others) {
    return new StreamRow(
        name,
        group,
        direction,
        source,
        epoch,
        slot,
        publication,
        copy,
        guarded,
        via,
        state,
        identity,
        position,
        positionAt,
        lag,
        rowsCopied,
        rowsEstimated,
        tablesToCopy,
        transactions,
        changes,
        failure,
        advice,
        copying,
        others);
  }
}
