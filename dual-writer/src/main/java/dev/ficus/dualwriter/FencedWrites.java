package dev.ficus.dualwriter;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.GroupName;
import dev.ficus.core.Route;
import dev.ficus.core.Side;
import dev.ficus.postgres.ConnectionSource;
import dev.ficus.postgres.InstanceCounters;
import dev.ficus.postgres.RouteWatcher;
import dev.ficus.postgres.SqlErrors;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs declared writes of one group on the side that accepts them; those that meet a closed fence
 * wait for the flip to end, and are repeated on the new side (rule R16).
 *
 * <ol>
 *   <li>The write runs where the route says. The route may be a little old: the fence decides.
 *   <li>The fence refuses it (FI001), or fails it as its snapshot is older than the fence's closing
 *       (40001). Its transaction is rolled back: nothing has happened.
 *   <li>It waits for a newer route, which is published once the flip has ended. A flip that is
 *       given up may open the fence again without a new route, so one of the waiting writes looks
 *       at the fence now and then; all of them would disturb the very flip that they wait for.
 *   <li>It is repeated, as often as needed, until the budget is spent.
 * </ol>
 *
 * <p>Two refusals are passed on at once instead. Of a write that has committed something by then,
 * not all is rolled back, so repeating it would do that part twice. And the fence of another group
 * is not waited for: that group moves by itself, and may have moved long ago.
 */
public final class FencedWrites {

  private static final Logger LOG = LoggerFactory.getLogger(FencedWrites.class);
  private static final Duration LOOK_EVERY = Duration.ofMillis(200);

  private final GroupName group;
  private final RouteWatcher routes;
  private final Map<Side, ConnectionSource> sources;
  private final Duration budget;
  private final InstanceCounters counters;
  private final ReentrantLock looking = new ReentrantLock();
  private volatile long lastSeenOpen = System.nanoTime();

  /**
   * @param group the group
   * @param routes says which side is written
   * @param shared opens connections to the shared database
   * @param service opens connections to the service database
   * @param budget how long one write waits in all before it fails
   */
  public FencedWrites(
      GroupName group,
      RouteWatcher routes,
      ConnectionSource shared,
      ConnectionSource service,
      Duration budget) {
    this.group = group;
    this.routes = routes;
    this.sources = Map.of(Side.SHARED, shared, Side.SERVICE, service);
    this.budget = budget;
    this.counters = routes.counters(group);
  }

  /**
   * Runs a write, again and again while it meets the closed fence.
   *
   * @throws DualWriteException if the fence stayed closed for the whole budget; the write has not
   *     happened
   * @throws Throwable what the write itself throws
   */
  public <T> @Nullable T call(WriteBody<T> body) throws Throwable {
    return call(body, () -> false);
  }

  /**
   * The same for a write that may commit more than once.
   *
   * @param committed asked after a run that failed: whether it has committed anything
   */
  public <T> @Nullable T call(WriteBody<T> body, BooleanSupplier committed) throws Throwable {
    long firstRefusal = 0;
    while (true) {
      Route route = routes.route(group);
      long began = System.nanoTime();
      try {
        @Nullable T result = body.on(route.writeSide());
        if (firstRefusal != 0) {
          counters.fenceWaited(Duration.ofNanos(System.nanoTime() - firstRefusal));
        }
        return result;
      } catch (Throwable refusal) {
        if (!metTheFence(refusal, route, began)) {
          throw refusal;
        }
        refuseToRepeat(refusal, route, committed);
        if (firstRefusal == 0) {
          firstRefusal = System.nanoTime();
        }
        long deadline = firstRefusal + budget.toNanos();
        if (!awaitOpening(route, System.nanoTime(), deadline)) {
          Duration waited = Duration.ofNanos(System.nanoTime() - firstRefusal);
          counters.fenceWaited(waited);
          throw new DualWriteException(
              ErrorKind.ABORTED,
              "a write of group "
                  + group
                  + " met a closed fence in the "
                  + route.writeSide()
                  + " database (phase "
                  + route.phase()
                  + ", epoch "
                  + route.epoch()
                  + ") and waited "
                  + waited.toMillis()
                  + " ms in vain; it has not happened",
              "look with \"ficus status\" whether a write cutover hangs, then repeat the write",
              refusal);
        }
      }
    }
  }

  /** Where waiting and repeating would not help, or do harm. */
  private void refuseToRepeat(Throwable refusal, Route route, BooleanSupplier committed) {
    String whose = SqlErrors.fencedGroup(refusal).orElse(group.value());
    if (committed.getAsBoolean()) {
      throw new DualWriteException(
          ErrorKind.NEEDS_PERSON,
          "a write of group "
              + group
              + " met a closed fence of group "
              + whose
              + " after part of it has committed: it is not repeated, since that part would happen twice",
          "do what is missing by hand, and declare each transaction that belongs to it as a write of its own"
              + " (with the starter: @FicusWrite beside each @Transactional)",
          refusal);
    }
    if (!whose.equals(group.value())) {
      throw new DualWriteException(
          ErrorKind.USAGE,
          "a write of group "
              + group
              + " also writes a table of group "
              + whose
              + ", whose fence in the "
              + route.writeSide()
              + " database is closed: no transaction can span two groups, since they move one by one",
          "write group "
              + whose
              + " in a transaction of its own that is declared for it, with a compensation where both must happen",
          refusal);
    }
  }

  private boolean metTheFence(Throwable error, Route route, long began) {
    if (SqlErrors.has(error, SqlErrors.FENCE_CLOSED)) {
      return true;
    }
    if (!SqlErrors.has(error, SqlErrors.SERIALIZATION_FAILURE)) {
      return false;
    }
    if (movedOn(route, routes.route(group))) {
      return true;
    }
    // An ordinary conflict of two transactions is the application's own matter; it was the fence
    // only if that moved since this attempt began.
    Duration age = Duration.ofNanos(System.nanoTime() - began);
    return look(route.writeSide())
        .map(sight -> !sight.open() || sight.movedAgo().compareTo(age) <= 0)
        .orElse(false);
  }

  /** Returns false when the time is up, or the thread was interrupted. */
  private boolean awaitOpening(Route route, long refusedAt, long deadline) {
    while (!Thread.currentThread().isInterrupted()) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      Duration slice = Duration.ofNanos(Math.min(left, LOOK_EVERY.toNanos()));
      Optional<Route> newer = routes.awaitNewer(route, slice);
      if (newer.isPresent() && movedOn(route, newer.get())) {
        return true;
      }
      if (newer.isPresent()) {
        // Another percentage, say: keep waiting for what matters.
        route = newer.get();
      }
      if (lastSeenOpen - refusedAt > 0) {
        return true;
      }
      if (looking.tryLock()) {
        try {
          if (look(route.writeSide()).map(FenceProbe.Sight::open).orElse(false)) {
            lastSeenOpen = System.nanoTime();
            return true;
          }
        } finally {
          looking.unlock();
        }
      }
    }
    return false;
  }

  private static boolean movedOn(Route before, Route after) {
    return before.writeSide() != after.writeSide() || before.epoch().compareTo(after.epoch()) < 0;
  }

  private Optional<FenceProbe.Sight> look(Side side) {
    ConnectionSource source = sources.get(side);
    try {
      return source == null ? Optional.empty() : FenceProbe.look(source, group);
    } catch (SQLException e) {
      LOG.debug(
          "group {}: the fence in the {} database cannot be seen: {}",
          group,
          side,
          SqlErrors.describe(e));
      return Optional.empty();
    }
  }
}
