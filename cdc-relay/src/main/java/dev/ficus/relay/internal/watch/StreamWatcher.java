package dev.ficus.relay.internal.watch;

import dev.ficus.core.Lsn;
import dev.ficus.core.manifest.WalBudget;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.SlotLock;
import dev.ficus.postgres.Slots;
import dev.ficus.postgres.SqlErrors;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.postgres.StreamWatches;
import dev.ficus.postgres.Streams;
import dev.ficus.relay.RelayWatch;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the streams that end in one database and at their slots, apart from the runs: a run that
 * waits for its target does not see what becomes of its slot.
 */
public final class StreamWatcher {

  private static final Logger log = LoggerFactory.getLogger(StreamWatcher.class);
  private static final Set<String> NOT_PROVISIONED = Set.of("3F000", "42P01");
  private static final Duration DROP_TIMEOUT = Duration.ofSeconds(5);

  private final Map<String, Database> databases;
  private final Database target;
  private final RelayWatch watch;
  private final RelayMeters meters;
  private final Map<String, Connection> sources = new HashMap<>();
  private final Set<StreamName> overBudget = new HashSet<>();
  private final Map<StreamName, StreamFailure> pending = new ConcurrentHashMap<>();
  private final CountDownLatch stopping = new CountDownLatch(1);
  private final Thread thread;
  private volatile List<StreamRow> rows = List.of();
  private volatile boolean reachable = true;

  public StreamWatcher(
      Map<String, Database> databases, Database target, RelayWatch watch, RelayMeters meters) {
    this.databases = databases;
    this.target = target;
    this.watch = watch;
    this.meters = meters;
    this.thread = new Thread(this::run, "ficus-watch-" + target.name());
    thread.setDaemon(true);
  }

  public void start() {
    thread.start();
  }

  /** Asks it to end; returns at once. */
  public void stop() {
    stopping.countDown();
  }

  /** Waits until it has ended. */
  public void awaitEnd() throws InterruptedException {
    stop();
    thread.join(DROP_TIMEOUT.toMillis());
  }

  /** Streams that have failed, also where their rows do not say so yet. */
  public Set<StreamName> failed() {
    Set<StreamName> failed = new HashSet<>(pending.keySet());
    rows.stream()
        .filter(row -> row.state() == StreamState.FAILED)
        .forEach(row -> failed.add(row.name()));
    return failed;
  }

  /** The database whose streams these are. */
  public Database target() {
    return target;
  }

  /** Whether the streams could be looked at last time; true where none were ever asked for. */
  public boolean reachable() {
    return reachable;
  }

  private void run() {
    try {
      do {
        round();
      } while (!stopping.await(watch.interval().toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      sources.keySet().stream().toList().forEach(this::forget);
    }
  }

  private void round() throws InterruptedException {
    try (Connection connection = target.connect("relay watch");
        Statement statement = connection.createStatement()) {
      statement.execute("set lock_timeout = '1s'");
      do {
        List<StreamRow> found = Streams.list(connection);
        rows.stream()
            .map(StreamRow::name)
            .filter(name -> found.stream().noneMatch(row -> row.name().equals(name)))
            .forEach(
                name -> {
                  meters.forget(name);
                  pending.remove(name);
                });
        rows = found;
        reachable = true;
        for (StreamRow row : found) {
          look(connection, row);
        }
      } while (!stopping.await(watch.interval().toMillis(), TimeUnit.MILLISECONDS));
    } catch (SQLException e) {
      reachable = NOT_PROVISIONED.contains(String.valueOf(e.getSQLState()));
      if (reachable) {
        rows = List.of();
      }
      log.debug("the streams of {} cannot be watched, trying on", target, e);
    } catch (RuntimeException e) {
      reachable = false;
      log.debug("the streams of {} cannot be watched, trying on", target, e);
    }
  }

  private void look(Connection connection, StreamRow row) throws SQLException {
    Database source = databases.get(row.source());
    if (source == null || row.state() == StreamState.STOPPED) {
      pending.remove(row.name());
      meters.found(row, Optional.empty(), 0, false);
      return;
    }
    List<Slots.Slot> slots;
    Lsn end;
    try {
      Connection reader =
          sources.computeIfAbsent(row.source(), name -> source.connect("relay watch"));
      slots = Slots.list(reader);
      end = end(reader);
    } catch (SQLException | RuntimeException e) {
      log.debug("the slots of {} cannot be watched, trying on", source, e);
      forget(row.source());
      return;
    }
    Optional<Slots.Slot> slot =
        slots.stream().filter(it -> it.name().equals(row.slot())).findFirst();
    WalBudget budget = watch.walBudgets().getOrDefault(row.group(), WalBudget.NONE);
    long retained = slot.map(Slots.Slot::retainedBytes).orElse(0L);
    meters.found(
        row,
        slot,
        Math.max(0, end.value() - row.position().value()),
        WalBudget.reached(budget.warn(), retained));
    StreamFailure failure = pending.get(row.name());
    if (failure != null) {
      if (concerns(row, slot)) {
        fail(connection, row, failure);
      } else {
        pending.remove(row.name());
      }
    }
    if (slot.isPresent()) {
      judge(connection, row, source, slot.get(), budget);
    }
  }

  private void judge(
      Connection connection, StreamRow row, Database source, Slots.Slot slot, WalBudget budget)
      throws SQLException {
    long retained = slot.retainedBytes();
    boolean throttled = WalBudget.reached(budget.throttle(), retained);
    StreamWatches.found(
        connection,
        row,
        slot,
        throttled
            ? Optional.of(
                "slot "
                    + slot.name()
                    + " holds back "
                    + retained
                    + " bytes of WAL, more than wal-budget.throttle")
            : Optional.empty());
    if (slot.walStatus().equals("lost") && !told(row)) {
      fail(connection, row, LostSlot.lost(row, source));
    } else if (budget.drop().isPresent() && WalBudget.reached(budget.drop(), retained)) {
      if (!told(row)) {
        fail(connection, row, LostSlot.dropped(row, source, retained, budget.drop().get()));
      }
      drop(source, slot);
    } else if (!WalBudget.reached(budget.warn(), retained)) {
      overBudget.remove(row.name());
    } else if (overBudget.add(row.name())) {
      log.warn(
          "stream {}: slot {} of {} holds back {} bytes of WAL, more than wal-budget.warn; see \"ficus streams\"",
          row.name(),
          slot.name(),
          source,
          retained);
    }
  }

  /*
   Meanwhile an operator may have ended the stream and asked for one of the same name, whose slot is sound or is still to come.
  */
  private static boolean concerns(StreamRow row, Optional<Slots.Slot> slot) {
    return (row.state() == StreamState.STREAMING || row.state() == StreamState.FAILED)
        && slot.map(it -> it.walStatus().equals("lost")).orElse(true);
  }

  /**
   * Whether the row's failure is the slot's loss already; a run that met it may have been first.
   */
  private boolean told(StreamRow row) {
    return pending.containsKey(row.name())
        || (row.state() == StreamState.FAILED && row.failure().filter(LostSlot::tells).isPresent());
  }

  /*
   An apply that waits for a lock of the target holds the stream's row as long: what cannot be written now is known to the log and to
   health() at once, and written in a later round.
  */
  private void fail(Connection connection, StreamRow row, StreamFailure failure)
      throws SQLException {
    if (pending.put(row.name(), failure) == null) {
      log.error("stream {} failed: {}", row.name(), failure.failure());
    }
    try {
      failure.writeFirst(connection, row);
      pending.remove(row.name());
    } catch (SQLException e) {
      if (!SqlErrors.has(e, SqlErrors.LOCK_NOT_AVAILABLE)) {
        throw e;
      }
    }
  }

  /** Ends whoever reads the slot, which may hang in its target, and drops it. */
  private static void drop(Database source, Slots.Slot slot) {
    try (Connection connection = source.connect("relay watch");
        PreparedStatement terminate =
            connection.prepareStatement(
                "select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = ? and active_pid is not null")) {
      terminate.setString(1, slot.name());
      terminate.execute();
      SlotLock.breakOff(connection, slot.name());
      new Slots(source).drop(slot.name(), DROP_TIMEOUT);
    } catch (SQLException | PostgresException e) {
      // It is over its budget still, so the next round tries again.
      log.warn("slot {} of {} could not be dropped yet", slot.name(), source, e);
    }
  }

  private static Lsn end(Connection reader) throws SQLException {
    try (Statement statement = reader.createStatement();
        ResultSet row = statement.executeQuery("select pg_current_wal_lsn()::text")) {
      row.next();
      return Lsn.parse(row.getString(1));
    }
  }

  private void forget(String source) {
    Connection connection = sources.remove(source);
    if (connection != null) {
      try {
        connection.close();
      } catch (SQLException e) {
        log.debug("closing a connection to {} failed; it is gone all the same", source, e);
      }
    }
  }
}
