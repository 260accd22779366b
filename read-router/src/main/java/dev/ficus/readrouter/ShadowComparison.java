package dev.ficus.readrouter;

import dev.ficus.core.DaemonThreads;
import dev.ficus.core.GroupName;
import dev.ficus.core.Lsn;
import dev.ficus.core.Route;
import dev.ficus.core.Side;
import dev.ficus.postgres.ConnectionSource;
import dev.ficus.postgres.Counter;
import dev.ficus.postgres.InstanceCounters;
import dev.ficus.postgres.RouteWatcher;
import dev.ficus.postgres.SqlErrors;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs sampled reads on both sides, after they were answered, and counts the differences that are
 * real.
 *
 * <p>The service database follows a little behind, so a difference by itself means nothing. It is
 * confirmed before it counts:
 *
 * <ol>
 *   <li>read the write side;
 *   <li>take a freshness LSN there and wait until the stream has reached it: now the service
 *       database holds all that step 1 saw;
 *   <li>read the service database, then the write side again;
 *   <li>if the two readings of the write side differ, the rows are changing: begin again;
 *   <li>if they agree and the service database differs, do it all once more. A row that changed and
 *       changed back between 1 and 3 would look like a difference; only if all readings of both
 *       rounds repeat themselves is it a mismatch.
 * </ol>
 *
 * What stays undecided is neither compared nor a mismatch, and counted by itself.
 *
 * <p>A comparison runs on another thread than the request that was answered, where a read may fail
 * for want of what its request had: a tenant, a user, a scope. Two such failures are alike and say
 * nothing about rows, so a sample is compared only if the write side answers here as well. A read
 * that only the side that follows refuses to answer differs.
 */
final class ShadowComparison implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ShadowComparison.class);

  private final GroupName group;
  private final RouteWatcher routes;
  private final StreamProgress progress;
  private final ConnectionSource shared;
  private final ReadRouterSettings settings;
  private final ResultEquality equality;
  private final InstanceCounters counters;
  private final UnaryOperator<Runnable> carrier;
  private final Set<String> reported = ConcurrentHashMap.newKeySet();
  private final ThreadPoolExecutor threads;

  ShadowComparison(
      GroupName group,
      RouteWatcher routes,
      StreamProgress progress,
      ConnectionSource shared,
      ReadRouterSettings settings,
      ResultEquality equality,
      UnaryOperator<Runnable> carrier) {
    this.group = group;
    this.routes = routes;
    this.progress = progress;
    this.shared = shared;
    this.settings = settings;
    this.equality = equality;
    this.carrier = carrier;
    this.counters = routes.counters(group);
    this.threads =
        new ThreadPoolExecutor(
            settings.shadowThreads(),
            settings.shadowThreads(),
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(settings.shadowQueue()),
            DaemonThreads.named("ficus-shadow-" + group));
  }

  /** What came of one comparison. */
  sealed interface Result {
    /** Both sides answer the same. */
    record Same() implements Result {}

    /** They do not, and it is not a matter of time. */
    record Different() implements Result {}

    /** It could not be told. */
    record Unresolved(String reason) implements Result {}
  }

  /** A side's answer: a value, or what the read threw for reasons of its own. */
  private record Answer(@Nullable Object value, @Nullable Throwable thrown) {}

  /** The side that has to answer did not, on this thread. */
  private static final class NotAnswered extends Exception {

    private static final long serialVersionUID = 1L;

    NotAnswered(Throwable cause) {
      super(cause);
    }
  }

  /** Queues a comparison of a read that was answered, if the dice and the route say so. */
  void sample(
      Route route, String what, Side answeredBy, @Nullable Object answer, ReadBody<?> body) {
    int percentage = route.effectiveShadowPercentage();
    if (percentage == 0 || ThreadLocalRandom.current().nextInt(100) >= percentage) {
      return;
    }
    try {
      threads.execute(carrier.apply(() -> count(what, compare(what, answeredBy, answer, body))));
    } catch (RejectedExecutionException e) {
      LOG.debug("group {}: a sample of {} is not compared: the queue is full", group, what);
    }
  }

  private void count(String what, Result result) {
    if (result instanceof Result.Unresolved unresolved) {
      counters.count(Counter.SHADOW_UNRESOLVED);
      LOG.debug("group {}: a sample of {} is unresolved: {}", group, what, unresolved.reason());
      return;
    }
    counters.count(Counter.SHADOW_COMPARED);
    if (result instanceof Result.Different) {
      counters.count(Counter.SHADOW_MISMATCHES);
      LOG.warn(
          "group {}: {} answers differently in the shared and in the service database, confirmed twice;"
              + " reconcile the group (\"ficus reconcile\") before moving reads",
          group,
          what);
    }
  }

  private Result compare(String what, Side answeredBy, @Nullable Object answer, ReadBody<?> body) {
    try {
      if (same(new Answer(answer, null), ask(answeredBy.other(), body))) {
        return new Result.Same();
      }
      return confirm(body);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Result.Unresolved("the service is ending");
    } catch (SQLException e) {
      reportOnce(what, e);
      return new Result.Unresolved("a side could not be read");
    } catch (NotAnswered e) {
      reportOnce(what, e);
      return new Result.Unresolved("the write side did not answer on this thread");
    } catch (RuntimeException e) {
      LOG.warn("group {}: a comparison failed and does not count", group, e);
      return new Result.Unresolved("comparing failed");
    }
  }

  private static String describe(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root instanceof SQLException sql ? SqlErrors.describe(sql) : root.getClass().getName();
  }

  /** Once for each read: it may fail with every sample. */
  private void reportOnce(String what, Exception failure) {
    if (!SqlErrors.isConnectionLost(failure) && reported.add(what)) {
      LOG.warn(
          "group {}: samples of {} cannot be compared: it answered its request and fails when it is repeated on another thread,"
              + " with {}; next: carry what it needs of its request to that thread (a TaskDecorator bean), or switch the"
              + " comparison off for this read (shadow = false)",
          group,
          what,
          describe(failure));
    }
  }

  private Result confirm(ReadBody<?> body) throws SQLException, InterruptedException, NotAnswered {
    Answer suspectWritten = null;
    Answer suspectFollowed = null;
    for (int attempt = 1; attempt <= settings.shadowAttempts(); attempt++) {
      Route route = routes.route(group);
      if (route.effectiveShadowPercentage() == 0) {
        return new Result.Unresolved("the route no longer compares");
      }
      Answer before = answered(ask(Side.SHARED, body));
      if (!progress.await(group, route.epoch(), freshness(), settings.catchUp())) {
        return new Result.Unresolved("the stream did not catch up");
      }
      Answer followed = ask(Side.SERVICE, body);
      Answer after = answered(ask(Side.SHARED, body));
      if (!same(before, after)) {
        suspectWritten = null;
        continue;
      }
      if (same(after, followed)) {
        return new Result.Same();
      }
      if (suspectWritten != null
          && suspectFollowed != null
          && same(suspectWritten, after)
          && same(suspectFollowed, followed)) {
        return new Result.Different();
      }
      suspectWritten = after;
      suspectFollowed = followed;
    }
    return new Result.Unresolved("the rows kept changing");
  }

  private static Answer answered(Answer answer) throws NotAnswered {
    if (answer.thrown != null) {
      throw new NotAnswered(answer.thrown);
    }
    return answer;
  }

  private boolean same(Answer a, Answer b) {
    if (a.thrown != null && b.thrown != null) {
      return a.thrown.getClass() == b.thrown.getClass();
    }
    return a.thrown == b.thrown && equality.equal(a.value, b.value);
  }

  private Lsn freshness() throws SQLException {
    try (Connection connection = shared.open();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("select pg_current_wal_insert_lsn()::text")) {
      row.next();
      return Lsn.parse(row.getString(1));
    }
  }

  private static Answer ask(Side side, ReadBody<?> body) throws SQLException, InterruptedException {
    try {
      return new Answer(body.on(side), null);
    } catch (InterruptedException e) {
      throw e;
    } catch (Throwable thrown) {
      if (thrown instanceof Error error) {
        throw error;
      }
      if (ReadRouter.isOfTheDatabase(thrown)) {
        throw new SQLException("a read failed", thrown);
      }
      return new Answer(null, thrown);
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
    try {
      if (!threads.awaitTermination(2, TimeUnit.SECONDS)) {
        LOG.info("group {}: a comparison was still running at the end", group);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
