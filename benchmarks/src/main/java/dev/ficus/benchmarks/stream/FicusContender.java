package dev.ficus.benchmarks.stream;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.FicusSchema;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.Streams;
import dev.ficus.postgres.Table;
import dev.ficus.postgres.Tables;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/** The relay, as a process of its own. */
final class FicusContender implements Contender {

  private static final GroupName GROUP = new GroupName("bench");
  private static final StreamName STREAM = StreamName.of(GROUP, Direction.FORWARD);

  private final Database target;
  private final TargetGate gate;
  private final ChildJvm relay;

  FicusContender(Database source, Database target) throws SQLException {
    this.target = target;
    this.gate = new TargetGate(target);
    FicusSchema.install(source);
    FicusSchema.install(target);
    Workload.execute(target, Workload.TABLES);
    Streams streams = new Streams(target);
    try (Connection connection = source.connect("benchmark")) {
      List<StreamTable> tables =
          List.of("bench", "mark").stream()
              .map(
                  name -> {
                    TableName table = new TableName("public", name);
                    Table shape = Tables.read(connection, "the source", table);
                    return new StreamTable(table, table, shape.writtenColumns(), shape.key());
                  })
              .toList();
      streams.requestCopy(STREAM, GROUP, Direction.FORWARD, Database.SHARED, Epoch.FIRST, tables);
    }
    this.relay =
        new ChildJvm(
            RelayMain.class.getName(), List.of(source.address().url(), target.address().url()));
    streams.awaitStreaming(STREAM, Duration.ofMinutes(2));
  }

  @Override
  public String name() {
    return "ficus";
  }

  @Override
  public Database target() {
    return target;
  }

  @Override
  public void hold() throws SQLException {
    gate.hold();
  }

  @Override
  public void release() throws SQLException {
    gate.release();
  }

  @Override
  public void awaitMark(long id) throws SQLException {
    gate.awaitMark(id);
  }

  @Override
  public long peakResidentMib() {
    return relay.peakResidentMib();
  }

  @Override
  public void close() throws SQLException {
    gate.release();
    relay.close();
  }
}
