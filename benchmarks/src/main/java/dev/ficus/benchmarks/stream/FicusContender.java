package dev.ficus.benchmarks.stream;

import dev.ficus.benchmarks.ChildJvm;
import dev.ficus.benchmarks.ContenderArguments;
import dev.ficus.benchmarks.RelayProcess;
import dev.ficus.benchmarks.StreamTables;
import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.FicusSchema;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.Streams;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/** The relay, as a process of its own. */
final class FicusContender extends TargetContender {

  private static final GroupName GROUP = new GroupName("bench");
  private static final StreamName STREAM = StreamName.of(GROUP, Direction.FORWARD);

  private final ChildJvm relay;

  FicusContender(Source from, Database target) throws SQLException {
    this(from, target, List.of("bench", "mark"));
  }

  FicusContender(Source from, Database target, List<String> names) throws SQLException {
    super(target);
    Database source = from.database();
    FicusSchema.install(source);
    FicusSchema.install(target);
    Streams streams = new Streams(target);
    streams.requestCopy(
        STREAM,
        GROUP,
        Direction.FORWARD,
        Database.SHARED,
        Epoch.FIRST,
        StreamTables.of(source, names));
    this.relay = ChildJvm.start(RelayProcess.class, ContenderArguments.of(source, target));
    streams.awaitStreaming(STREAM, Duration.ofMinutes(2));
  }

  @Override
  public String name() {
    return "ficus";
  }

  @Override
  void requireAlive() {
    relay.requireAlive();
  }

  ProcessHandle process() {
    return relay.process();
  }

  @Override
  public double peakResidentMiB() {
    return relay.peakResidentMiB();
  }

  @Override
  public void close() throws SQLException {
    super.close();
    relay.close();
  }
}
