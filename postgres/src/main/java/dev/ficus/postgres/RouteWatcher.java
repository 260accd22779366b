package dev.ficus.postgres;

import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.core.Route;
import dev.ficus.core.ServiceName;
import dev.ficus.core.Side;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Knows the current route of each of a service's groups, within milliseconds of its publication.
 *
 * <p>Routes are published in the shared and in the service database, and either may be down or not
 * yet provisioned. One thread for each of the two listens and polls, since a database that does not
 * answer must not delay what the other one says:
 *
 * <ol>
 *   <li>a thread says LISTEN first and reads the routes after it, so that no publication falls
 *       between;
 *   <li>what one database says replaces what it said before; a database that fails keeps its last
 *       word;
 *   <li>of both databases' words about a group the one with the highest (epoch, version) holds;
 *       where neither has one, the group is {@link Phase#SHARED};
 *   <li>the service database's thread acknowledges a changed route at once in {@code
 *       ficus.instance}, and reports the counters with every poll.
 * </ol>
 *
 * A route that is read late does no harm beyond an error or a retry: the fences decide (rule R12).
 */
public final class RouteWatcher implements AutoCloseable {

  private static final Comparator<Route> NEWEST =
      Comparator.comparing(Route::epoch).thenComparingLong(Route::version);

  private final ServiceName service;
  private final String instance;
  private final Map<GroupName, InstanceCounters> counters;
  private final List<RouteListener> listeners;
  private final List<Consumer<Route>> consumers = new CopyOnWriteArrayList<>();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Map<Side, Map<GroupName, Route>> readings = new EnumMap<>(Side.class);
  private final Set<Side> tried = EnumSet.noneOf(Side.class);
  private volatile Map<GroupName, Route> current = Map.of();

  /**
   * @param service the service whose groups these are
   * @param instance names this process among the service's instances
   * @param groups the service's groups
   * @param shared opens connections of its own to the shared database; one is held open
   * @param own opens connections of its own to the service database; one is held open
   * @param poll how often the routes are read besides being notified, and the counters reported
   */
  public RouteWatcher(
      ServiceName service,
      String instance,
      Set<GroupName> groups,
      ConnectionSource shared,
      ConnectionSource own,
      Duration poll) {
    this.service = service;
    this.instance = instance;
    Map<GroupName, InstanceCounters> byGroup = new TreeMap<>();
    groups.forEach(group -> byGroup.put(group, new InstanceCounters()));
    this.counters = byGroup;
    this.listeners =
        List.of(
            new RouteListener(this, Side.SHARED, shared, poll),
            new RouteListener(this, Side.SERVICE, own, poll));
  }

  /**
   * Starts, and waits until each database has been asked once, whether or not it answered.
   *
   * @param patience how long that may take; the start goes on without what is missing
   */
  public void start(Duration patience) {
    listeners.forEach(RouteListener::start);
    long left = patience.toNanos();
    lock.lock();
    try {
      while (tried.size() < listeners.size() && left > 0) {
        left = changed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  /** The route that holds now. */
  public Route route(GroupName group) {
    Route route = current.get(group);
    return route == null ? unpublished(group) : route;
  }

  /** What this instance counts for the group. */
  public InstanceCounters counters(GroupName group) {
    return Objects.requireNonNull(counters.get(group), () -> "not a group of " + service);
  }

  /** The service whose groups are watched. */
  public ServiceName service() {
    return service;
  }

  /** The groups that are watched. */
  public Set<GroupName> groups() {
    return Set.copyOf(counters.keySet());
  }

  /** The databases that publish the route that holds; none where the group has no route yet. */
  public Set<Side> publishers(GroupName group) {
    Set<Side> publishers = EnumSet.noneOf(Side.class);
    lock.lock();
    try {
      readings.forEach(
          (side, reading) -> {
            if (reading.containsKey(group) && reading.get(group).equals(current.get(group))) {
              publishers.add(side);
            }
          });
    } finally {
      lock.unlock();
    }
    return publishers;
  }

  /** Calls back, on a watching thread, with each route that changes; the callback must be quick. */
  public void onChange(Consumer<Route> consumer) {
    consumers.add(consumer);
  }

  /**
   * Waits until a route newer than the given one holds.
   *
   * @return the newer route, or empty when the time is up or the thread was interrupted
   */
  public Optional<Route> awaitNewer(Route than, Duration timeout) {
    long left = timeout.toNanos();
    lock.lock();
    try {
      while (true) {
        Route route = route(than.group());
        if (NEWEST.compare(route, than) > 0) {
          return Optional.of(route);
        }
        if (left <= 0) {
          return Optional.empty();
        }
        left = changed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  /** Reports the counters a last time, where the service database answers, and stops watching. */
  @Override
  public void close() {
    listeners.forEach(RouteListener::stop);
    listeners.forEach(RouteListener::join);
  }

  String instance() {
    return instance;
  }

  boolean watches(String group) {
    return counters.keySet().stream().anyMatch(name -> name.value().equals(group));
  }

  /** Takes what one database says now: all its routes, none where schema ficus is absent. */
  void said(Side side, Routes.Published published) {
    Map<GroupName, Route> byGroup = new TreeMap<>();
    for (Route route : published.routes()) {
      if (counters.containsKey(route.group())) {
        byGroup.put(route.group(), route);
      }
    }
    List<Route> news = new ArrayList<>();
    lock.lock();
    try {
      tried.add(side);
      // A group whose route cannot be read has not come back to the shared database for that.
      readings
          .getOrDefault(side, Map.of())
          .forEach(
              (group, route) -> {
                if (published.unreadable().containsKey(group.value())) {
                  byGroup.put(group, route);
                }
              });
      readings.put(side, byGroup);
      Map<GroupName, Route> merged = new TreeMap<>();
      for (Map<GroupName, Route> reading : readings.values()) {
        reading.forEach(
            (group, route) ->
                merged.merge(group, route, (a, b) -> NEWEST.compare(a, b) >= 0 ? a : b));
      }
      for (GroupName group : counters.keySet()) {
        Route after = merged.containsKey(group) ? merged.get(group) : unpublished(group);
        if (!route(group).equals(after)) {
          news.add(Objects.requireNonNull(after));
        }
      }
      current = Map.copyOf(merged);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    news.forEach(route -> consumers.forEach(consumer -> consumer.accept(route)));
  }

  /** Notes that a database was asked in vain: its last word stays. */
  void failed(Side side) {
    lock.lock();
    try {
      tried.add(side);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private static Route unpublished(GroupName group) {
    return new Route(group, 1, Phase.SHARED, Epoch.FIRST, 0, 0, false);
  }
}
