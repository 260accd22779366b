package dev.ficus.dualwriter;

import dev.ficus.core.Epoch;
import dev.ficus.core.FaultPoints;
import dev.ficus.core.GroupName;
import dev.ficus.core.Route;
import dev.ficus.postgres.ConnectionSource;
import dev.ficus.postgres.Counter;
import dev.ficus.postgres.InstanceCounters;
import dev.ficus.postgres.ObservedConnection;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.RouteWatcher;
import dev.ficus.postgres.SqlErrors;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Dual-writes one group: what a declared write committed in the shared database is written to the
 * service database too, under guard, while the group's phase allows it.
 *
 * <p>A dual write may always be dropped, since the stream carries every change (rule R1); each one
 * that is, is counted as {@link Counter#DUAL_WRITES_LEFT}. It never fails or undoes the
 * transaction.
 */
public final class DualWriter implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(DualWriter.class);

  private static final List<String> EXPECTED =
      List.of(
          SqlErrors.DUAL_WRITE_REFUSED,
          SqlErrors.LOCK_NOT_AVAILABLE,
          SqlErrors.DEADLOCK,
          SqlErrors.UNIQUE_VIOLATION,
          SqlErrors.EXCLUSION_VIOLATION,
          SqlErrors.FOREIGN_KEY_VIOLATION);

  private final GroupName group;
  private final RouteWatcher routes;
  private final ConnectionSource service;
  private final DualWriterSettings settings;
  private final FaultPoints faults;
  private final InstanceCounters counters;
  private final ImagePlans plans;
  private final ThreadPoolExecutor threads;
  private final AtomicBoolean loading = new AtomicBoolean();
  private final AtomicBoolean failing = new AtomicBoolean();

  /**
   * @param group the group
   * @param routes says whether and at which epoch to dual-write; its counters are used
   * @param service opens connections to the service database, such as a pool
   * @param settings bounds
   * @param faults reached at {@code dualwriter.commit.before}, {@code dualwriter.commit.after} and
   *     {@code dualwriter.write.before}
   */
  public DualWriter(
      GroupName group,
      RouteWatcher routes,
      ConnectionSource service,
      DualWriterSettings settings,
      FaultPoints faults) {
    this.group = group;
    this.routes = routes;
    this.service = service;
    this.settings = settings;
    this.faults = faults;
    this.counters = routes.counters(group);
    this.plans = new ImagePlans(group, service);
    AtomicInteger number = new AtomicInteger();
    this.threads =
        new ThreadPoolExecutor(
            settings.threads(),
            settings.threads(),
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(settings.queue()),
            task -> {
              Thread thread =
                  new Thread(task, "ficus-dual-write-" + group + "-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    routes.onChange(this::prepare);
    prepare(routes.route(group));
  }

  /**
   * Wraps a connection to the shared database for declared writes of this group.
   *
   * @param listener is told of each commit that touched the group, in the phases that need it
   */
  public Connection wrap(Connection shared, CommitListener listener) {
    return ObservedConnection.of(shared, new CapturedTransaction(this, listener));
  }

  /** The group. */
  public GroupName group() {
    return group;
  }

  /** Gives up what is queued, and waits a moment for what is being written. */
  @Override
  public void close() {
    threads.shutdownNow().forEach(dropped -> left("the service is ending"));
    try {
      if (!threads.awaitTermination(settings.timeout().toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.info("group {}: a dual write was still running at the end", group);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  Route route() {
    return routes.route(group);
  }

  FaultPoints faults() {
    return faults;
  }

  /** The image plans; where they are missing for this epoch, their loading is begun. */
  ImagePlans plans(Epoch epoch) {
    if (!plans.isLoaded(epoch)) {
      beginLoading(epoch);
    }
    return plans;
  }

  void left(String reason) {
    counters.count(Counter.DUAL_WRITES_LEFT);
    LOG.debug("group {}: a dual write is left to the stream: {}", group, reason);
  }

  /** Hands the write to another thread; empty where the queue is full. */
  Optional<PendingWrite> dispatch(DualWrite write) {
    PendingWrite pending = new PendingWrite(settings.patience());
    try {
      threads.execute(
          () -> {
            try {
              write(write);
            } finally {
              pending.done();
            }
          });
      return Optional.of(pending);
    } catch (RejectedExecutionException e) {
      left("the queue is full");
      return Optional.empty();
    }
  }

  private void write(DualWrite write) {
    try {
      faults.reach("dualwriter.write.before");
      GuardedWrite.run(service, group, write, settings.timeout());
      counters.count(Counter.DUAL_WRITES);
      if (failing.compareAndSet(true, false)) {
        LOG.info("group {}: dual writes succeed again", group);
      }
    } catch (SQLException | RuntimeException e) {
      left(describe(e));
      if (isExpected(e)) {
        return;
      }
      if (!SqlErrors.isConnectionLost(e)) {
        // The tables' shape may have changed since the plans were read.
        plans.forget();
      }
      reportFailing(e);
    }
  }

  /** Once, until dual writes succeed again. */
  private void reportFailing(Exception e) {
    if (failing.compareAndSet(false, true)) {
      LOG.warn(
          "group {}: dual writes fail and are left to the stream until they succeed again: {}",
          group,
          describe(e));
    }
  }

  /**
   * Refused after a phase change, yielded to the stream or to another dual write of the row, or
   * ahead of a change of another row that the stream has yet to bring: one that frees a unique
   * value, or, where foreign keys act, that of a parent.
   */
  private static boolean isExpected(Exception e) {
    return EXPECTED.stream().anyMatch(state -> SqlErrors.has(e, state));
  }

  private void prepare(Route route) {
    if (route.group().equals(group)
        && route.phase().dualWrites()
        && !plans.isLoaded(route.epoch())) {
      beginLoading(route.epoch());
    }
  }

  private void beginLoading(Epoch epoch) {
    if (!loading.compareAndSet(false, true)) {
      return;
    }
    try {
      threads.execute(
          () -> {
            try {
              plans.load(epoch);
            } catch (SQLException | PostgresException e) {
              reportFailing(e);
            } finally {
              loading.set(false);
            }
          });
    } catch (RejectedExecutionException e) {
      // The queue is full or the service ends; the next transaction tries again.
      loading.set(false);
    }
  }

  private static String describe(Exception e) {
    return e instanceof SQLException sql ? SqlErrors.describe(sql) : String.valueOf(e.getMessage());
  }
}
