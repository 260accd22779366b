package dev.ficus.benchmarks.stream;

import dev.ficus.postgres.Database;
import java.sql.SQLException;

/** PostgreSQL's own logical replication: a subscription in the target. */
final class NativeContender implements Contender {

  private final Database target;
  private final TargetGate gate;

  NativeContender(int sourcePort, String sourceDatabase, Database target) throws SQLException {
    this.target = target;
    this.gate = new TargetGate(target);
    Workload.execute(target, Workload.TABLES);
    Workload.execute(
        target,
        "create subscription bench connection 'host=localhost port=%d dbname=%s user=postgres' publication %s"
            .formatted(sourcePort, sourceDatabase, Workload.PUBLICATION));
  }

  @Override
  public String name() {
    return "native";
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
    return 0;
  }

  @Override
  public void close() throws SQLException {
    gate.release();
    Workload.execute(target, "drop subscription bench");
  }
}
