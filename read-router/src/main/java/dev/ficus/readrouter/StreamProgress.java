package dev.ficus.readrouter;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.Lsn;
import dev.ficus.postgres.ConnectionSource;
import dev.ficus.postgres.RouteWatcher;
import dev.ficus.postgres.SqlErrors;
import dev.ficus.postgres.StreamState;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows how far the forward streams into a service database are, for all readers of one process:
 * one thread polls, seldom while nobody waits, every few milliseconds while somebody does.
 *
 * <p>A reading may be old, yet never wrong: a position only grows, so what it had reached it has
 * reached, and the age of a reading counts as staleness.
 */
public final class StreamProgress implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(StreamProgress.class);
  private static final Duration AWAITED = Duration.ofMillis(3);
  private static final Duration SHADOWED = Duration.ofMillis(100);
  private static final Duration IDLE = Duration.ofSeconds(1);

  private final RouteWatcher routes;
  private final ConnectionSource service;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition read = lock.newCondition();
  private final Condition wanted = lock.newCondition();
  private int waiting;
  private boolean closed;
  private volatile Map<GroupName, Reading> readings = Map.of();

  /**
   * How far one stream is.
   *
   * @param epoch the epoch it carries
   * @param state whether it streams
   * @param position what it has applied
   * @param behind its last known lag and the time since it last moved, when it was read
   * @param readAt when that was, in nanoseconds of this process
   */
  record Reading(Epoch epoch, StreamState state, Lsn position, Duration behind, long readAt) {

    /** How far behind the target may be by now. */
    Duration staleness() {
      return behind.plusNanos(System.nanoTime() - readAt);
    }
  }

  /**
   * @param routes tells whether any group reads the service database by now
   * @param service opens connections to the service database; one is held open
   */
  public StreamProgress(RouteWatcher routes, ConnectionSource service) {
    this.routes = routes;
    this.service = service;
    this.thread = new Thread(this::run, "ficus-stream-progress");
    thread.setDaemon(true);
    thread.start();
    routes.onChange(route -> wake());
  }

  /** Stops polling. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      wanted.signalAll();
      read.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      thread.join(2_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  Optional<Reading> of(GroupName group) {
    return Optional.ofNullable(readings.get(group));
  }

  /** Waits until the group's stream at that epoch streams and has reached the position. */
  boolean await(GroupName group, Epoch epoch, Lsn position, Duration timeout) {
    if (reached(group, epoch, position)) {
      return true;
    }
    long left = timeout.toNanos();
    if (left <= 0) {
      return false;
    }
    lock.lock();
    waiting++;
    wanted.signalAll();
    try {
      while (!reached(group, epoch, position)) {
        if (left <= 0 || closed) {
          return false;
        }
        left = read.awaitNanos(left);
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      waiting--;
      lock.unlock();
    }
  }

  private boolean reached(GroupName group, Epoch epoch, Lsn position) {
    Reading reading = readings.get(group);
    return reading != null
        && reading.epoch.equals(epoch)
        && reading.state == StreamState.STREAMING
        && reading.position.hasReached(position);
  }

  private void wake() {
    lock.lock();
    try {
      wanted.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    boolean down = false;
    do {
      if (!needed()) {
        continue;
      }
      try (Connection connection = service.open()) {
        do {
          took(read(connection));
          if (down) {
            down = false;
            LOG.info("the streams into the service database can be read again");
          }
        } while (pause() && needed());
      } catch (SQLException | RuntimeException e) {
        if (!down) {
          down = true;
          LOG.warn(
              "the streams into the service database cannot be read, so reads turn to the write side until they can: {}",
              e instanceof SQLException sql ? SqlErrors.describe(sql) : e.getMessage());
        }
      }
    } while (pause());
  }

  private boolean needed() {
    return routes.groups().stream().anyMatch(group -> routes.route(group).phase().shadowsReads());
  }

  private static Map<GroupName, Reading> read(Connection connection) throws SQLException {
    Map<GroupName, Reading> byGroup = new HashMap<>();
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select group_name, epoch, state, position::text,
              (extract(epoch from clock_timestamp() - coalesce(position_at, changed_at)) * 1000)::bigint + coalesce(lag_millis, 0)
            from ficus.stream where direction = ?
            """)) {
      select.setString(1, Direction.FORWARD.name());
      long readAt = System.nanoTime();
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          byGroup.put(
              new GroupName(row.getString(1)),
              new Reading(
                  new Epoch(row.getLong(2)),
                  StreamState.valueOf(row.getString(3)),
                  Lsn.parse(row.getString(4)),
                  Duration.ofMillis(Math.max(0, row.getLong(5))),
                  readAt));
        }
      }
    }
    return byGroup;
  }

  private void took(Map<GroupName, Reading> byGroup) {
    lock.lock();
    try {
      readings = Map.copyOf(byGroup);
      read.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits until the next reading is due; returns false when there is none to come. */
  private boolean pause() {
    long began = System.nanoTime();
    lock.lock();
    try {
      while (!closed) {
        Duration interval = waiting > 0 ? AWAITED : needed() ? SHADOWED : IDLE;
        long left = interval.toNanos() - (System.nanoTime() - began);
        if (left <= 0) {
          return true;
        }
        wanted.awaitNanos(left);
      }
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      lock.unlock();
    }
  }
}
