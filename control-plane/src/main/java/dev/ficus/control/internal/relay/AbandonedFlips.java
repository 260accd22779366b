package dev.ficus.control.internal.relay;

import dev.ficus.control.ControlPlane;
import dev.ficus.control.Progress;
import dev.ficus.control.internal.store.Flips;
import dev.ficus.core.FicusException;
import dev.ficus.core.GroupName;
import dev.ficus.core.manifest.Manifest;
import dev.ficus.postgres.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends flips whose command has died, so that nobody's writes wait for the next operator.
 *
 * <p>The story that it ends:
 *
 * <ol>
 *   <li>A command closes the old side's fence, and is killed, or its machine goes away.
 *   <li>Neither side takes writes. The command's lock ends with its connection.
 *   <li>The next command would give the flip up, or finish it where it was decided; but there is
 *       none until a person notices.
 * </ol>
 *
 * Every relay looks each second. The group's lock keeps it apart from commands that live, and from
 * other relays.
 */
final class AbandonedFlips implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(AbandonedFlips.class);

  private static final Duration INTERVAL = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);
  private static final Duration ANSWER = Duration.ofSeconds(10);

  private final Manifest manifest;
  private final Database store;
  private final ScheduledExecutorService looks =
      Executors.newSingleThreadScheduledExecutor(
          run -> {
            Thread thread = new Thread(run, "ficus-abandoned-flips");
            thread.setDaemon(true);
            return thread;
          });
  private final Map<GroupName, Failure> failures = new HashMap<>();
  private Optional<Connection> connection = Optional.empty();
  private boolean reachable = true;

  private record Failure(long triedAgainAt, Duration pause) {}

  private AbandonedFlips(Manifest manifest) {
    this.manifest = manifest;
    this.store = new Database("control-store", manifest.controlStore()).answeringWithin(ANSWER);
  }

  /** Begins to look. */
  static AbandonedFlips attend(Manifest manifest) {
    AbandonedFlips attended = new AbandonedFlips(manifest);
    attended.looks.scheduleWithFixedDelay(
        attended::look, INTERVAL.toMillis(), INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
    return attended;
  }

  private void look() {
    for (GroupName group : unfinished()) {
      Failure failure = failures.get(group);
      boolean due = failure == null || System.nanoTime() - failure.triedAgainAt() >= 0;
      if (due && manifest.group(group).isPresent()) {
        end(group);
      }
    }
  }

  private List<GroupName> unfinished() {
    try {
      if (connection.isEmpty()) {
        connection = Optional.of(store.connect("relay looking for abandoned flips"));
      }
      List<GroupName> groups = Flips.unfinished(connection.get());
      reachable = true;
      return groups;
    } catch (FicusException | SQLException e) {
      disconnect();
      if (reachable) {
        LOG.warn(
            "the control store cannot be asked for flips that nobody works on; trying again: {}",
            e.getMessage());
      }
      reachable = false;
      return List.of();
    }
  }

  private void end(GroupName group) {
    try (ControlPlane control = ControlPlane.open(manifest, "relay", AbandonedFlips::log)) {
      if (control.endAbandonedFlip(group)) {
        LOG.warn(
            "group {}: a flip was left unfinished by its command; the group is in {} now",
            group,
            control.status(group).phase());
      }
      failures.remove(group);
    } catch (RuntimeException e) {
      Duration pause =
          Optional.ofNullable(failures.get(group))
              .map(before -> before.pause().multipliedBy(2))
              .filter(longer -> longer.compareTo(LONGEST_PAUSE) < 0)
              .orElse(failures.containsKey(group) ? LONGEST_PAUSE : INTERVAL);
      failures.put(group, new Failure(System.nanoTime() + pause.toNanos(), pause));
      LOG.error(
          "group {}: a flip was left unfinished by its command, and could not be ended; trying again in {} s: {}",
          group,
          pause.toSeconds(),
          e.getMessage());
    }
  }

  private static void log(Progress progress) {
    if (progress instanceof Progress.Done done) {
      LOG.info("group {}: {} ({} ms)", done.group(), done.title(), done.took().toMillis());
    }
  }

  private void disconnect() {
    try {
      if (connection.isPresent()) {
        connection.get().close();
      }
    } catch (SQLException e) {
      LOG.debug("closing a connection to the control store failed", e);
    }
    connection = Optional.empty();
  }

  /** Stops looking; what takes longer than a few seconds is left to the next relay or command. */
  @Override
  public void close() {
    looks.shutdown();
    try {
      if (looks.awaitTermination(ANSWER.toSeconds(), TimeUnit.SECONDS)) {
        disconnect();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
