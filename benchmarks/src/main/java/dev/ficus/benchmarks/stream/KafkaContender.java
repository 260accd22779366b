package dev.ficus.benchmarks.stream;

import dev.ficus.benchmarks.ChildJvm;
import dev.ficus.benchmarks.HeldRelayProcess;
import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.core.Via;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.FicusSchema;
import dev.ficus.postgres.Marker;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.Streams;
import dev.ficus.postgres.Table;
import dev.ficus.postgres.Tables;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A relay with one stream into each of its targets, over Kafka or directly; it is held by being
 * ended, so that nothing of a backlog is taken in before it counts.
 */
final class KafkaContender implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final String name;
  private final Database source;
  private final List<Database> targets;
  private final List<StreamName> names = new ArrayList<>();
  private final ChildJvm relay;

  /**
   * @param brokers those of its relay; none where this is empty
   * @param via how its streams travel
   */
  KafkaContender(String name, String brokers, Via via, Database source, List<Database> targets)
      throws SQLException {
    this.name = name;
    this.source = source;
    this.targets = List.copyOf(targets);
    FicusSchema.install(source);
    for (Database target : targets) {
      FicusSchema.install(target);
      Workload.execute(target, Workload.TABLES);
      GroupName group = new GroupName(target.name());
      StreamName stream = StreamName.of(group, Direction.FORWARD);
      names.add(stream);
      new Streams(target)
          .requestCopy(
              stream, group, Direction.FORWARD, source.name(), Epoch.FIRST, tables(source), via);
    }
    this.relay =
        ChildJvm.start(
            HeldRelayProcess.class, HeldRelayProcess.arguments(brokers, source, targets));
  }

  private static List<StreamTable> tables(Database source) throws SQLException {
    try (Connection connection = source.connect("benchmark")) {
      return List.of("bench", "mark").stream()
          .map(
              word -> {
                TableName table = new TableName("public", word);
                Table shape = Tables.read(connection, "the source", table);
                return new StreamTable(table, table, shape.writtenColumns(), shape.key());
              })
          .toList();
    }
  }

  String name() {
    return name;
  }

  List<Database> targets() {
    return targets;
  }

  void release() {
    say("release");
  }

  void hold() {
    say("hold");
  }

  private void say(String word) {
    relay.say(word);
    relay.await(word);
  }

  /** Waits until every target has all that is committed in the source. */
  void awaitCaughtUp() {
    Lsn marker = Marker.write(source);
    for (int i = 0; i < targets.size(); i++) {
      Streams streams = new Streams(targets.get(i));
      streams.awaitStreaming(names.get(i), PATIENCE);
      streams.awaitPosition(names.get(i), marker, PATIENCE);
    }
    relay.requireAlive();
  }

  double peakResidentMiB() {
    return relay.peakResidentMiB();
  }

  @Override
  public void close() {
    relay.close();
  }
}
