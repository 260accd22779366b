package dev.ficus.postgres;

import dev.ficus.core.GroupName;
import dev.ficus.core.Route;
import dev.ficus.core.Side;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The thread that listens to one database for a {@link RouteWatcher}. */
final class RouteListener implements Runnable {

  private static final Logger LOG = LoggerFactory.getLogger(RouteListener.class);

  /**
   * How long one wait for a notification lasts at most: a route that the other database's thread
   * has learned is acknowledged within this time.
   */
  private static final Duration SLICE = Duration.ofMillis(50);

  private final RouteWatcher watcher;
  private final Side side;
  private final ConnectionSource source;
  private final Duration poll;
  private final Thread thread;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private final Map<GroupName, Route> acknowledged = new HashMap<>();
  private final Set<String> unreadableGroups = new HashSet<>();
  private boolean down;

  RouteListener(RouteWatcher watcher, Side side, ConnectionSource source, Duration poll) {
    this.watcher = watcher;
    this.side = side;
    this.source = source;
    this.poll = poll;
    this.thread =
        new Thread(this, "ficus-routes-" + side.name().toLowerCase(java.util.Locale.ROOT));
    this.thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  void stop() {
    stopping.countDown();
  }

  void join() {
    try {
      // A connection attempt that hangs is left behind; the thread is a daemon.
      thread.join(2_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void run() {
    do {
      try (Connection connection = source.open()) {
        listen(connection);
      } catch (SQLException | RuntimeException e) {
        // Whatever it is: nobody would learn of a flip or a kill switch if this thread ended.
        watcher.failed(side);
        report(e);
      }
    } while (!stopped(poll));
  }

  private void listen(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("listen " + Routes.CHANNEL);
    }
    PGConnection notifications = connection.unwrap(PGConnection.class);
    acknowledged.clear();
    while (true) {
      boolean provisioned = provisioned(connection);
      Routes.Published published =
          provisioned ? Routes.published(connection) : Routes.Published.NOTHING;
      reportUnreadable(published.unreadable());
      watcher.said(side, published);
      report(null);
      if (provisioned) {
        acknowledge(connection, true);
      }
      if (awaitNews(connection, notifications, provisioned)) {
        if (provisioned) {
          acknowledge(connection, true);
        }
        return;
      }
    }
  }

  /** Returns true to stop; otherwise the routes are due to be read again. */
  private boolean awaitNews(Connection connection, PGConnection notifications, boolean provisioned)
      throws SQLException {
    long due = System.nanoTime() + poll.toNanos();
    while (System.nanoTime() < due) {
      var received = notifications.getNotifications((int) SLICE.toMillis());
      if (received != null && received.length > 0) {
        return false;
      }
      if (stopped(Duration.ZERO)) {
        return true;
      }
      if (provisioned) {
        acknowledge(connection, false);
      }
    }
    return stopped(Duration.ZERO);
  }

  private static boolean provisioned(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select to_regclass('ficus.route') is not null and to_regclass('ficus.instance') is not null")) {
      row.next();
      return row.getBoolean(1);
    }
  }

  private void acknowledge(Connection connection, boolean always) throws SQLException {
    if (side != Side.SERVICE) {
      return;
    }
    for (GroupName group : watcher.groups()) {
      Route route = watcher.route(group);
      if (always || !route.equals(acknowledged.get(group))) {
        InstanceReports.write(
            connection,
            watcher.instance(),
            watcher.service(),
            group,
            route.version(),
            watcher.counters(group));
        acknowledged.put(group, route);
      }
    }
  }

  /** Once for each group, until its route can be read again. */
  private void reportUnreadable(Map<String, String> unreadable) {
    unreadableGroups.retainAll(unreadable.keySet());
    unreadable.forEach(
        (group, why) -> {
          if (watcher.watches(group) && unreadableGroups.add(group)) {
            LOG.error(
                "the route of group {} in the {} database makes no sense to service {}, which keeps to the last"
                    + " one that did (where there was none, to the shared database), whatever the kill switch says now: {};"
                    + " next: update the service's Ficus to the control plane's version",
                group,
                side,
                watcher.service(),
                why);
          }
        });
  }

  private void report(@Nullable Exception failure) {
    if (failure != null && !down) {
      down = true;
      LOG.warn(
          "the {} database of service {} does not tell its routes; what it said last, and what the other one says, holds: {}",
          side,
          watcher.service(),
          describe(failure));
    } else if (failure == null && down) {
      down = false;
      LOG.info("the {} database of service {} tells its routes again", side, watcher.service());
    }
  }

  private static String describe(Exception failure) {
    if (failure instanceof SQLException sql) {
      return SqlErrors.describe(sql);
    }
    return failure instanceof PostgresException
        ? String.valueOf(failure.getMessage())
        : failure.toString();
  }

  private boolean stopped(Duration within) {
    try {
      return stopping.await(within.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }
}
