package dev.ficus.relay;

import dev.ficus.core.FaultPoints;
import dev.ficus.postgres.Database;
import dev.ficus.relay.internal.supervise.DatabaseSupervisor;
import java.util.List;
import java.util.Map;

/**
 * Runs every stream that the stream rows of its databases ask for.
 *
 * <p>It holds no state of its own: it may be killed at any instruction, and another one goes on.
 * Two at once do no harm either, since each stream is run by whoever holds its lease.
 */
public final class Relay implements AutoCloseable {

  private final List<DatabaseSupervisor> supervisors;

  /**
   * @param databases all databases of the manifest by name; each may be a stream's source and its
   *     target
   * @param settings how to work
   * @param faults {@link FaultPoints#NONE} outside tests
   */
  public Relay(Map<String, Database> databases, RelaySettings settings, FaultPoints faults) {
    Map<String, Database> all = Map.copyOf(databases);
    this.supervisors =
        all.values().stream()
            .map(target -> new DatabaseSupervisor(all, target, settings, faults))
            .toList();
  }

  /** Begins to supervise; it picks up new streams and notices stopped ones within the interval. */
  public void start() {
    supervisors.forEach(DatabaseSupervisor::start);
  }

  /** Ends all streams between two applies; their slots and rows stay for the next relay. */
  @Override
  public void close() {
    supervisors.forEach(DatabaseSupervisor::stop);
    for (DatabaseSupervisor supervisor : supervisors) {
      try {
        supervisor.awaitEnd();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
