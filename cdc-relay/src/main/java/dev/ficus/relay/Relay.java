package dev.ficus.relay;

import dev.ficus.core.FaultPoints;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.StreamName;
import dev.ficus.relay.internal.supervise.DatabaseSupervisor;
import dev.ficus.relay.internal.watch.RelayMeters;
import dev.ficus.relay.internal.watch.StreamWatcher;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Runs every stream that the stream rows of its databases ask for.
 *
 * <p>It holds no state of its own: it may be killed at any instruction, and another one goes on.
 * Two at once do no harm either, since each stream is run by whoever holds its lease.
 */
public final class Relay implements AutoCloseable {

  private final List<DatabaseSupervisor> supervisors;
  private final List<StreamWatcher> watchers;

  /**
   * @param databases all databases of the manifest by name; each may be a stream's source and its
   *     target
   * @param settings how to work
   * @param faults {@link FaultPoints#NONE} outside tests
   */
  public Relay(Map<String, Database> databases, RelaySettings settings, FaultPoints faults) {
    this(databases, settings, RelayWatch.plain(), faults);
  }

  /** The same with meters and WAL budgets. */
  public Relay(
      Map<String, Database> databases,
      RelaySettings settings,
      RelayWatch watch,
      FaultPoints faults) {
    this(databases, settings, watch, Optional.empty(), faults);
  }

  /**
   * The same with streams over Kafka.
   *
   * @param kafka the brokers; absent where all streams travel directly
   */
  public Relay(
      Map<String, Database> databases,
      RelaySettings settings,
      RelayWatch watch,
      Optional<RelayKafka> kafka,
      FaultPoints faults) {
    Map<String, Database> all = Map.copyOf(databases);
    RelayMeters meters = new RelayMeters(watch.registry());
    this.supervisors =
        all.values().stream()
            .map(target -> new DatabaseSupervisor(all, target, kafka, settings, meters, faults))
            .toList();
    this.watchers =
        all.values().stream().map(target -> new StreamWatcher(all, target, watch, meters)).toList();
  }

  /** Begins to supervise; it picks up new streams and notices stopped ones within the interval. */
  public void start() {
    supervisors.forEach(DatabaseSupervisor::start);
    watchers.forEach(StreamWatcher::start);
  }

  /** How the streams were when last looked at. */
  public RelayHealth health() {
    return new RelayHealth(
        watchers.stream()
            .flatMap(watcher -> watcher.failed().stream())
            .sorted(Comparator.comparing(StreamName::value))
            .toList(),
        watchers.stream()
            .filter(watcher -> !watcher.reachable())
            .map(watcher -> watcher.target().name())
            .sorted()
            .toList());
  }

  /** Ends all streams between two applies; their slots and rows stay for the next relay. */
  @Override
  public void close() {
    watchers.forEach(StreamWatcher::stop);
    supervisors.forEach(DatabaseSupervisor::stop);
    for (DatabaseSupervisor supervisor : supervisors) {
      try {
        supervisor.awaitEnd();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
    for (StreamWatcher watcher : watchers) {
      try {
        watcher.awaitEnd();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
