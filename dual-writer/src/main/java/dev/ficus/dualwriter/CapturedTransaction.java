package dev.ficus.dualwriter;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.FreshnessLsn;
import dev.ficus.core.Lsn;
import dev.ficus.core.Route;
import dev.ficus.core.Side;
import dev.ficus.core.TableName;
import dev.ficus.postgres.SqlErrors;
import dev.ficus.postgres.TransactionObserver;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection of a declared write on the shared side.
 *
 * <p>What happens in a transaction, and the races that this order closes:
 *
 * <ol>
 *   <li>Before its first statement the capture is switched on for this transaction alone: the
 *       triggers note each key that is touched. A savepoint rolled back takes its notes with it.
 *   <li>The route is read before the first write. From the first write on the transaction holds the
 *       fence, so no flip can end while it runs: a route read later could bear an epoch that its
 *       LSNs do not belong to, one read earlier is at worst too old, and is refused.
 *   <li>At commit the touched rows are read again, and the guard LSN after them, in this
 *       transaction: its locks keep any other writer of these rows behind that LSN. A commit that
 *       does not wait for the server's disk is left to the stream, which is sent only what has
 *       reached it.
 *   <li>Then it commits. If that fails the outcome is unknown and nothing is written to the other
 *       side: if it did commit, the stream carries it (rule R1). Where the server itself says that
 *       it did not, there is nothing to be remembered either.
 *   <li>Only after a confirmed commit the images go to the other side, on another thread. A client
 *       that is paused here and comes back after a flip is refused by the fence's epoch; one that
 *       comes back after a later change was streamed is refused by the guard (rule R10).
 *   <li>The freshness LSN is read after the commit (rule R11), before the caller learns of the
 *       commit, so that the caller's next read knows what to wait for.
 * </ol>
 */
final class CapturedTransaction implements TransactionObserver {

  private static final Logger LOG = LoggerFactory.getLogger(CapturedTransaction.class);

  private final DualWriter writer;
  private final CommitListener listener;
  private Optional<Route> begun = Optional.empty();

  CapturedTransaction(DualWriter writer, CommitListener listener) {
    this.writer = writer;
    this.listener = listener;
  }

  @Override
  public void beforeStatement(Connection bare) throws SQLException {
    if (begun.isPresent()) {
      return;
    }
    if (bare.getAutoCommit()) {
      throw new DualWriteException(
          ErrorKind.USAGE,
          "a declared write of group " + writer.group() + " ran a statement outside a transaction",
          "begin a transaction around the declared write, such as with @Transactional",
          null);
    }
    Route route = writer.route();
    begun = Optional.of(route);
    if (captures(route)) {
      try (PreparedStatement set =
          bare.prepareStatement("select set_config('ficus.capture', ?, true)")) {
        set.setString(1, writer.group().value());
        set.execute();
      }
    }
  }

  @Override
  public void ended() {
    begun = Optional.empty();
  }

  @Override
  public void commit(Connection bare) throws SQLException {
    Route now = writer.route();
    // Without a statement here, some may still have come past it: CopyManager's, by unwrap().
    if (begun.isEmpty() && (bare.getAutoCommit() || !remembersWrites(now))) {
      bare.commit();
      return;
    }
    Route route = begun.orElse(now);
    begun = Optional.empty();
    // Where nothing was captured only because the phase was not there yet, assume a write.
    TouchedRows.Reading touched =
        captures(route) ? readTouched(bare, route) : new TouchedRows.Reading.Nothing(true);
    boolean wrote = !(touched instanceof TouchedRows.Reading.Nothing nothing) || nothing.wrote();
    boolean freshnessMatters = wrote && remembersWrites(writer.route());
    writer.faults().reach("dualwriter.commit.before");
    try {
      bare.commit();
    } catch (SQLException e) {
      if (freshnessMatters && !SqlErrors.isRolledBack(e)) {
        listener.wrote(Optional.empty());
      }
      throw e;
    }
    writer.faults().reach("dualwriter.commit.after");
    Optional<PendingWrite> pending = dispatch(touched);
    if (freshnessMatters) {
      listener.wrote(freshness(bare));
    }
    pending.ifPresent(PendingWrite::await);
  }

  private Optional<PendingWrite> dispatch(TouchedRows.Reading touched) {
    if (touched instanceof TouchedRows.Reading.Images images) {
      return writer.dispatch(images.write());
    }
    if (touched instanceof TouchedRows.Reading.Left left) {
      writer.left(left.reason());
    }
    return Optional.empty();
  }

  private TouchedRows.Reading readTouched(Connection bare, Route route) throws SQLException {
    TouchedRows.Notes notes;
    try {
      notes = TouchedRows.notes(bare);
    } catch (SQLException e) {
      if (SqlErrors.has(e, "25P02")) {
        // The application commits a transaction that has failed: the server rolls it back.
        return new TouchedRows.Reading.Nothing(false);
      }
      throw e;
    }
    if (notes.keys().isEmpty()) {
      return new TouchedRows.Reading.Left("it touched too many rows");
    }
    Map<TableName, List<String>> keys = notes.keys().get();
    if (keys.isEmpty()) {
      return new TouchedRows.Reading.Nothing(notes.wrote());
    }
    if (!notes.flushes()) {
      return new TouchedRows.Reading.Left("it commits with synchronous_commit = off");
    }
    try {
      return TouchedRows.read(bare, route.epoch(), writer.plans(route.epoch()), keys);
    } catch (SQLException e) {
      if (SqlErrors.isConnectionLost(e)) {
        throw e;
      }
      writer.plans(route.epoch()).forget();
      rollBackToImages(bare);
      return new TouchedRows.Reading.Left("its rows could not be read: " + SqlErrors.describe(e));
    }
  }

  private static void rollBackToImages(Connection bare) throws SQLException {
    try (Statement statement = bare.createStatement()) {
      statement.execute("rollback to savepoint ficus_images");
    }
  }

  /** The position after the commit; read in auto-commit mode, so that no transaction stays open. */
  private Optional<FreshnessLsn> freshness(Connection bare) {
    try {
      bare.setAutoCommit(true);
      try (Statement statement = bare.createStatement();
          ResultSet row = statement.executeQuery("select pg_current_wal_insert_lsn()::text")) {
        row.next();
        return Optional.of(new FreshnessLsn(Lsn.parse(row.getString(1))));
      } finally {
        bare.setAutoCommit(false);
      }
    } catch (SQLException e) {
      // The commit is confirmed: failing here would make the caller repeat what was done.
      LOG.warn(
          "group {}: the position after a commit could not be read, so reads of that key stay on the write side for a while: {}",
          writer.group(),
          SqlErrors.describe(e));
      return Optional.empty();
    }
  }

  private static boolean captures(Route route) {
    return route.phase().dualWrites() && route.writeSide() == Side.SHARED;
  }

  /**
   * From the shadowing on, so that by the time reads move every write that a stream may still be
   * behind of is remembered.
   */
  private static boolean remembersWrites(Route route) {
    return route.phase().shadowsReads();
  }
}
