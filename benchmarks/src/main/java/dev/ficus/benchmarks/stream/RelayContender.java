package dev.ficus.benchmarks.stream;

import dev.ficus.benchmarks.ChildJvm;
import dev.ficus.benchmarks.HeldRelayProcess;
import dev.ficus.benchmarks.StreamTables;
import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.Lsn;
import dev.ficus.core.Via;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.FicusSchema;
import dev.ficus.postgres.Marker;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.Streams;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * A relay with one stream into each of its targets, over Kafka or directly; it is held by being
 * ended, so that nothing of a backlog is taken in before it counts.
 */
public final class RelayContender implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final Duration POLL = Duration.ofMillis(20);

  private final String name;
  private final Database source;
  private final List<Database> targets;
  private final List<StreamName> names = new ArrayList<>();
  private final ChildJvm relay;

  /**
   * @param brokers those of its relay; none where this is empty
   * @param via how its streams travel
   * @param tables those of its streams, in schema public of the source and of each target
   */
  public RelayContender(
      String name,
      String brokers,
      Via via,
      Database source,
      List<Database> targets,
      List<String> tables)
      throws SQLException {
    this.name = name;
    this.source = source;
    this.targets = List.copyOf(targets);
    FicusSchema.install(source);
    for (Database target : targets) {
      FicusSchema.install(target);
      GroupName group = new GroupName(target.name());
      StreamName stream = StreamName.of(group, Direction.FORWARD);
      names.add(stream);
      new Streams(target)
          .requestCopy(
              stream,
              group,
              Direction.FORWARD,
              source.name(),
              Epoch.FIRST,
              StreamTables.of(source, tables),
              via);
    }
    this.relay =
        ChildJvm.start(
            HeldRelayProcess.class, HeldRelayProcess.arguments(brokers, source, targets));
  }

  String name() {
    return name;
  }

  List<Database> targets() {
    return targets;
  }

  /** Starts it. */
  public void release() {
    say("release");
  }

  /** Ends it. */
  public void hold() {
    say("hold");
  }

  private void say(String word) {
    relay.say(word);
    relay.await(word);
  }

  /** Waits until every target has all that is committed in the source. */
  public void awaitCaughtUp() {
    Lsn marker = Marker.write(source);
    for (int i = 0; i < targets.size(); i++) {
      Streams streams = new Streams(targets.get(i));
      streams.awaitStreaming(names.get(i), PATIENCE);
      awaitPosition(targets.get(i), names.get(i), marker);
    }
    relay.requireAlive();
  }

  /** Asks seldom, and little: who asks takes of the processors that are measured. */
  private static void awaitPosition(Database target, StreamName stream, Lsn marker) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    try (Connection connection = target.connect("benchmark");
        PreparedStatement select =
            connection.prepareStatement(
                "select position >= ?::pg_lsn from ficus.stream where name = ? and state = 'STREAMING'")) {
      select.setString(1, marker.toString());
      select.setString(2, stream.value());
      while (System.nanoTime() < deadline) {
        try (ResultSet row = select.executeQuery()) {
          if (!row.next()) {
            throw new IllegalStateException("stream " + stream + " does not stream any more");
          }
          if (row.getBoolean(1)) {
            return;
          }
        }
        LockSupport.parkNanos(POLL.toNanos());
      }
    } catch (SQLException e) {
      throw new IllegalStateException("waiting for stream " + stream + " failed", e);
    }
    throw new IllegalStateException(
        "stream " + stream + " did not reach " + marker + " within " + PATIENCE);
  }

  /** The most memory that its process has had, in MiB. */
  public double peakResidentMiB() {
    return relay.peakResidentMiB();
  }

  @Override
  public void close() {
    relay.close();
  }
}
