package dev.ficus.relay.internal.supervise;

import dev.ficus.core.Direction;
import dev.ficus.core.FaultPoints;
import dev.ficus.core.TableName;
import dev.ficus.core.Via;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Slots;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.postgres.StreamTopic;
import dev.ficus.postgres.StreamTopics;
import dev.ficus.postgres.StreamWatches;
import dev.ficus.postgres.Streams;
import dev.ficus.postgres.TableCopies;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.RelayRole;
import dev.ficus.relay.RelaySettings;
import dev.ficus.relay.internal.backfill.Backfill;
import dev.ficus.relay.internal.backfill.Recopy;
import dev.ficus.relay.internal.backfill.UnfinishedCopy;
import dev.ficus.relay.internal.connect.ConnectSource;
import dev.ficus.relay.internal.ddl.ShapeRows;
import dev.ficus.relay.internal.kafka.KafkaClients;
import dev.ficus.relay.internal.kafka.Topics;
import dev.ficus.relay.internal.watch.RelayMeters;
import dev.ficus.relay.internal.watch.StreamFailure;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** Runs one stream at one epoch, on a thread of its own, until its row no longer wants it. */
final class StreamRunner {

  private static final Logger log = LoggerFactory.getLogger(StreamRunner.class);
  private static final Duration GRACE = Duration.ofSeconds(5);

  private final Map<String, Database> databases;
  private final Database target;
  private final StreamRow requested;
  private final RelaySettings settings;
  private final RelayMeters meters;
  private final FaultPoints faults;
  private final RelayRole role;
  private final Optional<KafkaClients> kafka;
  private final RunnerConnections connections;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private final Thread thread;
  private volatile boolean copying;
  private final AtomicInteger failures = new AtomicInteger();

  /**
   * @param role which half of the stream; one that travels directly is wholly run by the half that
   *     applies
   * @param kafka where streams over Kafka find their topics; absent where this relay runs none
   */
  StreamRunner(
      Map<String, Database> databases,
      Database target,
      StreamRow requested,
      RelayRole role,
      Optional<KafkaClients> kafka,
      RelaySettings settings,
      RelayMeters meters,
      FaultPoints faults) {
    this.databases = databases;
    this.target = target;
    this.requested = requested;
    this.role = role;
    this.kafka = kafka;
    this.settings = settings;
    this.meters = meters;
    this.faults = faults;
    this.connections = new RunnerConnections(requested);
    this.thread =
        new Thread(
            this::run,
            (role == RelayRole.PUBLISH ? "ficus-publish-" : "ficus-stream-") + requested.name());
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  boolean runs(StreamRow row) {
    return requested.epoch().equals(row.epoch());
  }

  boolean isAlive() {
    return thread.isAlive();
  }

  /** Asks it to end; returns at once. */
  void stop() {
    stopping.countDown();
    if (copying) {
      connections.abort();
    }
  }

  /** Waits until it has ended; a statement that waits for a lock is broken off after a while. */
  void awaitEnd() throws InterruptedException {
    stop();
    thread.join(GRACE.toMillis());
    connections.abort();
    thread.join(GRACE.toMillis());
    if (thread.isAlive()) {
      log.warn(
          "stream {}: its thread did not end within {} s; it can write no more",
          requested.name(),
          2 * GRACE.toSeconds());
    }
  }

  private void run() {
    MDC.put("stream", requested.name().value());
    MDC.put("group", requested.group().value());
    MDC.put("slot", requested.slot());
    boolean wanted = true;
    while (wanted && stopping.getCount() > 0) {
      try {
        wanted = runOnce();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (Exception | Error e) {
        wanted = recover(e);
      }
    }
    log.debug("stream {}: its runner has ended", requested.name());
  }

  /** Returns whether the stream is to be run again. */
  private boolean runOnce() throws Exception {
    return switch (role) {
      case PUBLISH -> publishOnce();
      case APPLY -> applyOnce();
    };
  }

  private boolean publishOnce() throws Exception {
    KafkaClients clients = clients();
    try (Connection leased = connections.open(target)) {
      Optional<StreamRow> row = current(leased);
      if (row.isEmpty() || row.get().state() != StreamState.STREAMING) {
        return false;
      }
      StreamTopic topic = Topics.named(clients.cluster(), leased, row.get());
      if (copiesAnew(leased) || !Lease.ofTopic(topic.name()).take(leased) || copiesAnew(leased)) {
        return !stopping.await(settings.supervisionInterval().toMillis(), TimeUnit.MILLISECONDS);
      }
      // Once more: whoever had the lease may have carried columns on meanwhile.
      row = current(leased);
      if (row.isEmpty()) {
        return false;
      }
      try (Admin admin = clients.admin()) {
        topic = Topics.ensure(clients.cluster(), admin, leased, row.get());
      }
      return new Streaming(context(source(), leased, row.get()))
          .publish(clients, topic, stopping, () -> failures.set(0));
    }
  }

  /** Meanwhile the half that applies publishes as well. */
  private boolean copiesAnew(Connection leased) throws SQLException {
    return !TableCopies.pending(leased, requested.name()).isEmpty();
  }

  private KafkaClients clients() {
    return kafka.orElseThrow(
        () ->
            RelayException.stop(
                "stream "
                    + requested.name()
                    + " travels over Kafka, and this relay has been told of no brokers",
                "start the relay with a manifest that has the section kafka"));
  }

  private boolean applyOnce() throws Exception {
    try (Connection leased = connections.open(target)) {
      Optional<StreamRow> row = current(leased);
      if (row.isEmpty()) {
        return false;
      }
      if (!Lease.of(requested).take(leased)) {
        // Another relay runs it, or the server has not noticed yet that the last one died.
        return !stopping.await(settings.supervisionInterval().toMillis(), TimeUnit.MILLISECONDS);
      }
      // Once more: whoever had the lease may have moved the row meanwhile.
      row = current(leased);
      Database source = source();
      if (row.isPresent() && row.get().state() != StreamState.STREAMING) {
        if (!resume(source, leased, row.get())) {
          copy(source, leased, row.get());
        }
        leased.setAutoCommit(true);
        row = current(leased);
      }
      if (row.isEmpty() || stopping.getCount() == 0) {
        return false;
      }
      if (row.get().via() instanceof Via.Connect) {
        new Connecting(context(source, leased, row.get()), clients())
            .run(stopping, () -> failures.set(0));
        return false;
      }
      Set<TableName> pending = TableCopies.pending(leased, requested.name());
      if (!pending.isEmpty()) {
        if (row.get().via() instanceof Via.Kafka) {
          recopyOverKafka(source, leased, row.get(), pending);
        } else {
          RunContext run = context(source, leased, row.get());
          recopy(run, pending, place -> new Streaming(run).until(place, pending, stopping));
        }
        // From the position that it left, with the tables as they are now.
        return true;
      }
      if (row.get().via() instanceof Via.Kafka) {
        return consume(source, leased);
      }
      new Streaming(context(source, leased, row.get())).run(stopping, () -> failures.set(0));
      return false;
    }
  }

  /** Whether a copy that died goes on with the tables that it has not finished. */
  private boolean resume(Database source, Connection leased, StreamRow row) throws SQLException {
    if (row.state() != StreamState.COPYING
        || row.identity().isEmpty()
        || row.direction() != Direction.FORWARD
        || row.via() instanceof Via.Connect
        || !new Slots(source).hasRoomForSnapshot()) {
      return false;
    }
    try {
      new SourceCheck(source, row).verify(leased);
    } catch (RelayException e) {
      log.info("stream {}: its copy begins again: {}", row.name(), e.getMessage());
      return false;
    }
    return UnfinishedCopy.resume(leased, row);
  }

  private void copy(Database source, Connection leased, StreamRow row) throws Exception {
    if (row.via() instanceof Via.Connect) {
      try (ConnectSource connector = new ConnectSource(clients(), row, source)) {
        copy(source, leased, row, Optional.of(connector));
      }
    } else {
      copy(source, leased, row, Optional.empty());
    }
  }

  private void copy(
      Database source, Connection leased, StreamRow row, Optional<ConnectSource> connector)
      throws Exception {
    copying = true;
    try {
      new Backfill(source, target, leased, row, connections, connector, settings, faults).run();
    } finally {
      copying = false;
    }
  }

  private void recopyOverKafka(
      Database source, Connection leased, StreamRow row, Set<TableName> tables) throws Exception {
    TopicCatchUp.take(context(source, leased, row), clients(), stopping);
    // Once more: whoever had the topic may have carried columns on meanwhile.
    Optional<String> shapes = ShapeRows.version(leased, requested.name());
    Optional<StreamRow> now = current(leased);
    if (now.isPresent() && shapes.isPresent()) {
      RunContext run = context(source, leased, now.get());
      TopicCatchUp catchUp = new TopicCatchUp(run, shapes.get(), clients(), stopping);
      recopy(run, tables, place -> catchUp.until(place, tables));
    }
  }

  private void recopy(RunContext run, Set<TableName> tables, Recopy.CatchUp catchUp)
      throws Exception {
    copying = true;
    try {
      new Recopy(run.source(), target, run.leased(), run.stream(), connections, settings, faults)
          .run(tables, catchUp);
    } finally {
      copying = false;
    }
  }

  private boolean consume(Database source, Connection leased) throws Exception {
    KafkaClients clients = clients();
    // Before the row with its tables: what is altered in between makes another one.
    Optional<String> shapes = ShapeRows.version(leased, requested.name());
    Optional<StreamRow> row = current(leased);
    Optional<StreamTopic> topic =
        StreamTopics.find(leased, requested.name()).filter(it -> it.id().isPresent());
    if (row.isEmpty()) {
      return false;
    }
    if (topic.isEmpty() || shapes.isEmpty()) {
      // Its publisher makes the one, and notes the other where no copy has.
      return !stopping.await(settings.supervisionInterval().toMillis(), TimeUnit.MILLISECONDS);
    }
    new Consuming(context(source, leased, row.get()), topic.get(), shapes.get(), clients)
        .run(stopping, () -> failures.set(0));
    return false;
  }

  private RunContext context(Database source, Connection leased, StreamRow row) {
    return new RunContext(source, target, leased, row, connections, settings, meters, faults);
  }

  private Optional<StreamRow> current(Connection connection) throws SQLException {
    return Streams.list(connection).stream()
        .filter(row -> row.name().equals(requested.name()) && runs(row))
        .filter(row -> isRunnable(row.state()))
        .findFirst();
  }

  static boolean isRunnable(StreamState state) {
    return switch (state) {
      case REQUESTED, COPYING, STREAMING -> true;
      case STOPPED, FAILED -> false;
    };
  }

  private Database source() {
    Database source = databases.get(requested.source());
    if (source == null) {
      throw RelayException.stop(
          "stream "
              + requested.name()
              + " reads from database "
              + requested.source()
              + ", which this relay does not know",
          "start the relay with a manifest that names the database");
    }
    return source;
  }

  private boolean recover(Throwable error) {
    if (stopping.getCount() == 0) {
      log.debug("stream {}: ended while stopping", requested.name(), error);
      return false;
    }
    Verdict verdict = Verdicts.of(error);
    if (verdict instanceof Verdict.Ended ended) {
      log.info("{}", ended.why());
      return false;
    }
    if (verdict instanceof Verdict.Fail fail) {
      log.error("stream {} failed: {}", requested.name(), fail.failure());
      log.debug("stream {} failed", requested.name(), error);
      try {
        markFailed(fail);
        return false;
      } catch (SQLException | RuntimeException e) {
        log.warn("stream {}: its failure could not be written into its row", requested.name(), e);
      }
    }
    return pause(verdict);
  }

  private boolean pause(Verdict verdict) {
    long delay =
        Math.min(
            settings.longestRetryDelay().toMillis(),
            settings.firstRetryDelay().toMillis() << Math.min(failures.getAndIncrement(), 20));
    if (verdict instanceof Verdict.Retry retry) {
      log.warn("stream {}: retrying in {} ms after: {}", requested.name(), delay, retry.why());
      noteRetry(retry.why());
    }
    try {
      return !stopping.await(delay, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void noteRetry(String why) {
    meters.retried(requested);
    try (Connection connection = connections.open(target)) {
      StreamWatches.retried(connection, requested, why);
    } catch (SQLException | RuntimeException e) {
      // The target itself may be what cannot be reached; the log and the meter have the retry.
      log.debug("stream {}: a retry could not be noted", requested.name(), e);
    }
  }

  private void markFailed(Verdict.Fail fail) throws SQLException {
    try (Connection connection = connections.open(target)) {
      connection.setAutoCommit(false);
      if (new StreamFailure(fail.failure(), fail.advice()).write(connection, requested)) {
        ShapeRows.stop(connection, requested.name(), fail.stops());
      }
      connection.commit();
    }
  }
}
