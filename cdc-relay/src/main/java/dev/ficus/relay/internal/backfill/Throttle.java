package dev.ficus.relay.internal.backfill;

import dev.ficus.core.GroupName;
import dev.ficus.postgres.CopyLimits;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamWatches;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * Holds a copy's workers to the limits that {@code ficus.throttle} has for its group, and pauses
 * them while the source's standbys trail or its sessions are many, or while another stream into the
 * target is behind by more WAL than its budget allows.
 *
 * <p>One thread looks at the limits and the source; all workers share one allowance.
 */
final class Throttle {

  private static final Duration LOOK = Duration.ofSeconds(1);
  private static final Duration SLICE = Duration.ofMillis(100);

  private final StreamName stream;
  private final GroupName group;
  private CopyLimits limits = CopyLimits.NONE;
  private Optional<String> paused = Optional.empty();
  private long freeAt = System.nanoTime();
  private long lookedAt = System.nanoTime() - LOOK.toNanos();
  private volatile boolean ended;

  Throttle(StreamRow copied) {
    this.stream = copied.name();
    this.group = copied.group();
  }

  /** Takes a share of the allowance, and returns once it may be used. */
  void pass(long rows, long bytes) {
    while (paused().isPresent() && !isOver()) {
      LockSupport.parkNanos(SLICE.toNanos());
    }
    Share share = take(rows, bytes);
    for (long left = share.usableAt - System.nanoTime();
        left > 0 && isHeld(share);
        left = share.usableAt - System.nanoTime()) {
      LockSupport.parkNanos(Math.min(SLICE.toNanos(), left));
    }
  }

  private record Share(CopyLimits by, long usableAt) {}

  private synchronized Share take(long rows, long bytes) {
    double seconds =
        Math.max(
            limits.rowsPerSecond().map(rate -> (double) rows / rate).orElse(0.0),
            limits.bytesPerSecond().map(rate -> (double) bytes / rate).orElse(0.0));
    if (seconds > 0) {
      freeAt = Math.max(freeAt, System.nanoTime()) + (long) (seconds * 1e9);
      return new Share(limits, freeAt);
    }
    return new Share(limits, System.nanoTime());
  }

  /** Other limits set free who waits by the old ones. */
  private synchronized boolean isHeld(Share share) {
    return !isOver() && share.by.equals(limits);
  }

  private boolean isOver() {
    return ended || Thread.currentThread().isInterrupted();
  }

  /**
   * Reads limits, source and the target's other streams again, unless that was done a moment ago.
   */
  void look(Connection target, Connection source) throws SQLException {
    if (System.nanoTime() - lookedAt < LOOK.toNanos()) {
      return;
    }
    lookedAt = System.nanoTime();
    CopyLimits now = CopyLimits.read(target, group);
    Optional<String> bySource = reason(source, now);
    Optional<String> why =
        bySource.isPresent() ? bySource : StreamWatches.throttleReason(target, stream);
    synchronized (this) {
      if (!now.equals(limits)) {
        limits = now;
        freeAt = System.nanoTime();
      }
      paused = why;
    }
  }

  /** Why nothing is copied at this moment. */
  synchronized Optional<String> paused() {
    return paused;
  }

  /** Lets everybody pass from now on. */
  void end() {
    ended = true;
  }

  private static Optional<String> reason(Connection source, CopyLimits limits) throws SQLException {
    // The connection's transaction stays open: without this it would see its first reading for
    // ever.
    // It is also what notices that the connection, and with it the locks, are gone.
    try (Statement statement = source.createStatement()) {
      statement.execute("select pg_stat_clear_snapshot()");
    }
    if (limits.maxStandbyLag().isPresent()) {
      Duration most = limits.maxStandbyLag().get();
      Optional<Duration> lag = standbyLag(source);
      if (lag.isPresent() && lag.get().compareTo(most) > 0) {
        return Optional.of(
            String.format(
                Locale.ROOT,
                "a standby of the source trails by %d ms, more than %d ms",
                lag.get().toMillis(),
                most.toMillis()));
      }
    }
    if (limits.maxActiveSessions().isPresent()) {
      int active = activeSessions(source);
      if (active > limits.maxActiveSessions().get()) {
        return Optional.of(
            active
                + " sessions of the source are active, more than "
                + limits.maxActiveSessions().get());
      }
    }
    return Optional.empty();
  }

  /** The replay lag of the physical standby that trails most; a logical stream is none. */
  private static Optional<Duration> standbyLag(Connection source) throws SQLException {
    try (Statement statement = source.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                select (extract(epoch from max(r.replay_lag)) * 1000)::bigint
                from pg_stat_replication r
                where not exists (
                  select from pg_replication_slots s where s.active_pid = r.pid and s.slot_type = 'logical')
                """)) {
      row.next();
      return Optional.ofNullable(row.getObject(1, Long.class)).map(Duration::ofMillis);
    }
  }

  private static int activeSessions(Connection source) throws SQLException {
    try (PreparedStatement select =
            source.prepareStatement(
                """
                select count(*) from pg_stat_activity
                where backend_type = 'client backend' and state = 'active' and application_name not like 'ficus relay %'
                """);
        ResultSet row = select.executeQuery()) {
      row.next();
      return row.getInt(1);
    }
  }
}
