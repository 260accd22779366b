package dev.ficus.relay.internal.supervise;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.Via;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.postgres.Streams;
import dev.ficus.relay.RelayKafka;
import dev.ficus.relay.RelayRole;
import dev.ficus.relay.RelaySettings;
import dev.ficus.relay.internal.kafka.KafkaClients;
import dev.ficus.relay.internal.watch.RelayMeters;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one runner for each stream that ends in one database. Each database has its own, so that
 * one that is out of reach holds up no other.
 */
public final class DatabaseSupervisor {

  private static final Logger log = LoggerFactory.getLogger(DatabaseSupervisor.class);
  private static final Set<String> NOT_PROVISIONED = Set.of("3F000", "42P01");

  private final Map<String, Database> databases;
  private final Database target;
  private final RelaySettings settings;
  private final RelayMeters meters;
  private final FaultPoints faults;
  private final Set<RelayRole> roles;
  private final Optional<KafkaClients> kafka;
  private final Optional<TopicRemover> topics;
  private final Map<Part, StreamRunner> runners = new HashMap<>();
  private final CountDownLatch stopping = new CountDownLatch(1);
  private final Thread thread;
  private boolean reachable = true;

  /** One half of a stream. */
  private record Part(StreamName stream, RelayRole role) {}

  public DatabaseSupervisor(
      Map<String, Database> databases,
      Database target,
      Optional<RelayKafka> kafka,
      RelaySettings settings,
      RelayMeters meters,
      FaultPoints faults) {
    this.databases = databases;
    this.target = target;
    this.roles = kafka.map(RelayKafka::roles).orElse(Set.of(RelayRole.APPLY));
    this.kafka = kafka.map(it -> new KafkaClients(it.cluster()));
    this.topics = this.kafka.map(clients -> new TopicRemover(clients, target));
    this.settings = settings;
    this.meters = meters;
    this.faults = faults;
    this.thread = new Thread(this::run, "ficus-relay-" + target.name());
    thread.setDaemon(true);
  }

  public void start() {
    thread.start();
    topics.ifPresent(TopicRemover::start);
  }

  /** Asks it and its runners to end; returns at once. */
  public void stop() {
    stopping.countDown();
    topics.ifPresent(TopicRemover::stop);
  }

  /** Waits until it and its runners have ended. */
  public void awaitEnd() throws InterruptedException {
    stop();
    thread.join();
    if (topics.isPresent()) {
      topics.get().awaitEnd();
    }
  }

  private void run() {
    try {
      while (stopping.getCount() > 0) {
        watch();
        if (stopping.await(settings.firstRetryDelay().toMillis(), TimeUnit.MILLISECONDS)) {
          break;
        }
      }
      for (StreamRunner runner : runners.values()) {
        runner.stop();
      }
      for (StreamRunner runner : runners.values()) {
        runner.awaitEnd();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void watch() throws InterruptedException {
    try (Connection connection = target.connect("relay")) {
      do {
        reconcile(Streams.list(connection));
        if (!reachable) {
          log.info("{} can be reached again", target);
          reachable = true;
        }
      } while (!stopping.await(settings.supervisionInterval().toMillis(), TimeUnit.MILLISECONDS));
    } catch (SQLException e) {
      if (!NOT_PROVISIONED.contains(String.valueOf(e.getSQLState()))) {
        unreachable(e);
      }
    } catch (RuntimeException e) {
      unreachable(e);
    }
  }

  private void unreachable(Exception e) {
    if (reachable) {
      log.warn("the streams of {} cannot be listed, trying on: {}", target, Verdicts.describe(e));
      reachable = false;
    }
  }

  private void reconcile(List<StreamRow> rows) {
    runners.values().removeIf(runner -> !runner.isAlive());
    Set<Part> wanted = new HashSet<>();
    for (StreamRow row : rows) {
      for (RelayRole role : roles(row)) {
        Part part = new Part(row.name(), role);
        wanted.add(part);
        StreamRunner runner = runners.get(part);
        if (runner == null) {
          runner = new StreamRunner(context(row), role);
          runners.put(part, runner);
          runner.start();
        } else if (!runner.runs(row)) {
          runner.stop();
        }
      }
    }
    runners.forEach(
        (part, runner) -> {
          if (!wanted.contains(part)) {
            runner.stop();
          }
        });
  }

  private StreamContext context(StreamRow row) {
    return new StreamContext(
        databases,
        target,
        row,
        kafka,
        new RunnerConnections(row),
        settings,
        meters,
        faults,
        new CountDownLatch(1));
  }

  /** Which halves of a stream this relay is to run now. */
  private Set<RelayRole> roles(StreamRow row) {
    Set<RelayRole> wanted = new HashSet<>();
    if (StreamContext.isRunnable(row.state()) && roles.contains(RelayRole.APPLY)) {
      wanted.add(RelayRole.APPLY);
    }
    if (row.via() instanceof Via.Kafka
        && row.state() == StreamState.STREAMING
        && roles.contains(RelayRole.PUBLISH)) {
      wanted.add(RelayRole.PUBLISH);
    }
    return wanted;
  }
}
