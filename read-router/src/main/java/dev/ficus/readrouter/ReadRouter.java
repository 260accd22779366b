package dev.ficus.readrouter;

import dev.ficus.core.FreshnessLsn;
import dev.ficus.core.GroupName;
import dev.ficus.core.Route;
import dev.ficus.core.Side;
import dev.ficus.postgres.ConnectionSource;
import dev.ficus.postgres.Counter;
import dev.ficus.postgres.InstanceCounters;
import dev.ficus.postgres.RouteWatcher;
import dev.ficus.postgres.StreamState;
import dev.ficus.readrouter.ReadDecision.Reason;
import java.sql.SQLException;
import java.time.Clock;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Routes the declared reads of one group.
 *
 * <p>The race that reading one's own writes closes:
 *
 * <ol>
 *   <li>a caller writes; before its commit returns, the freshness LSN of the shared database is
 *       remembered for its routing key;
 *   <li>the caller reads the same key, which has moved to the service database;
 *   <li>the stream's position there is compared, in this order: first the position, then the read's
 *       snapshot. A position only grows, so the snapshot holds the write;
 *   <li>if the position does not come in time, the write side answers.
 * </ol>
 *
 * It holds within one process. Between processes a read is as fresh as the staleness bound.
 */
public final class ReadRouter implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ReadRouter.class);

  private final GroupName group;
  private final RouteWatcher routes;
  private final StreamProgress progress;
  private final ReadRouterSettings settings;
  private final InstanceCounters counters;
  private final WriteMemory memory;
  private final ResultEquality equality = new ResultEquality();
  private final Set<String> checked = ConcurrentHashMap.newKeySet();
  private final ShadowComparison shadow;

  /**
   * @param group the group
   * @param routes says where reads may go; its counters are used
   * @param progress how far the streams are
   * @param shared opens connections to the shared database
   * @param settings bounds
   * @param clock ages what is remembered of writes
   * @param carrier is given each comparison on the thread of the request that it samples, and
   *     returns what the comparing thread runs instead, such as the same with the request's context
   */
  public ReadRouter(
      GroupName group,
      RouteWatcher routes,
      StreamProgress progress,
      ConnectionSource shared,
      ReadRouterSettings settings,
      Clock clock,
      UnaryOperator<Runnable> carrier) {
    this.group = group;
    this.routes = routes;
    this.progress = progress;
    this.settings = settings;
    this.counters = routes.counters(group);
    // A stream that is no further behind than the bound has all that is older than the bound.
    this.memory =
        new WriteMemory(
            settings.rememberedKeys(), settings.staleness().multipliedBy(2).plusSeconds(1), clock);
    this.shadow =
        new ShadowComparison(group, routes, progress, shared, settings, equality, carrier);
  }

  /**
   * Runs a read where it belongs; where that fails for the database's sake, on the write side.
   *
   * @param what names the read in errors and logs, such as {@code OrderStore.find}
   * @param key decides which side, and which write it has to see
   * @param compared whether a sample of the calls is compared on both sides
   * @param body the read, repeatable
   * @throws ReadException if the answer cannot be compared but has to be
   * @throws Throwable what the read itself throws
   */
  public <T> @Nullable T call(String what, RoutingKey key, boolean compared, ReadBody<T> body)
      throws Throwable {
    Route route = routes.route(group);
    ReadDecision decision = decide(route, key);
    if (decision.reason().fellBack()) {
      counters.count(Counter.READS_FALLEN_BACK);
    }
    Side side = decision.side();
    @Nullable T result;
    try {
      result = body.on(side);
    } catch (Throwable failure) {
      if (side == route.writeSide() || !isOfTheDatabase(failure)) {
        throw failure;
      }
      side = route.writeSide();
      counters.count(Counter.READS_FALLEN_BACK);
      LOG.debug("group {}: {} failed in the service database and is repeated", group, what);
      result = repeat(body, side, failure);
    }
    counters.count(side == Side.SHARED ? Counter.READS_SHARED : Counter.READS_SERVICE);
    if (compared) {
      checkFirst(what, result);
      shadow.sample(route, what, side, result, body);
    }
    return result;
  }

  /**
   * Where a read of that key would go now; waits for the key's last write, at most as configured.
   */
  public ReadDecision decide(RoutingKey key) {
    return decide(routes.route(group), key);
  }

  /** Remembers a write of this process; empty where its freshness is not known. */
  public void wrote(RoutingKey key, Optional<FreshnessLsn> freshness) {
    memory.wrote(key, freshness);
  }

  /** Ends the comparisons; those not begun are not compared. */
  @Override
  public void close() {
    shadow.close();
  }

  private ReadDecision decide(Route route, RoutingKey key) {
    if (route.writeSide() == Side.SERVICE) {
      return new ReadDecision(Side.SERVICE, Reason.WRITES_MOVED);
    }
    if (!key.isWithin(group, route.effectiveReadPercentage())) {
      return new ReadDecision(Side.SHARED, Reason.NOT_MOVED);
    }
    boolean fresh =
        progress
            .of(group)
            .filter(
                reading ->
                    reading.epoch().equals(route.epoch())
                        && reading.state() == StreamState.STREAMING
                        && reading.staleness().compareTo(settings.staleness()) <= 0)
            .isPresent();
    if (!fresh) {
      return new ReadDecision(Side.SHARED, Reason.STALE);
    }
    WriteMemory.Need need = memory.need(key);
    if (need instanceof WriteMemory.Need.Unknown
        || (need instanceof WriteMemory.Need.Position written
            && !progress.await(
                group, route.epoch(), written.position(), settings.readYourWrites()))) {
      return new ReadDecision(Side.SHARED, Reason.OWN_WRITE_NOT_THERE);
    }
    return new ReadDecision(Side.SERVICE, Reason.MOVED);
  }

  private static <T> @Nullable T repeat(ReadBody<T> body, Side side, Throwable failure)
      throws Throwable {
    try {
      return body.on(side);
    } catch (Throwable second) {
      if (second != failure) {
        second.addSuppressed(failure);
      }
      throw second;
    }
  }

  /** Once for each read, on its first answer that holds something, long before any comparison. */
  private void checkFirst(String what, @Nullable Object result) {
    if (!checked.contains(what) && !isEmpty(result)) {
      equality.requireComparable(what, result);
      checked.add(what);
    }
  }

  private static boolean isEmpty(@Nullable Object result) {
    return result == null
        || (result instanceof Optional<?> optional && optional.isEmpty())
        || (result instanceof Iterable<?> elements && !elements.iterator().hasNext());
  }

  static boolean isOfTheDatabase(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException) {
        return true;
      }
    }
    return false;
  }
}
