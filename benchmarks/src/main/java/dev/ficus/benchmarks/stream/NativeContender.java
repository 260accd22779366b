package dev.ficus.benchmarks.stream;

import dev.ficus.postgres.Database;
import java.sql.SQLException;

/** PostgreSQL's own logical replication: a subscription in the target. */
final class NativeContender extends TargetContender {

  NativeContender(Source source, Database target) throws SQLException {
    super(target);
    Workload.execute(
        target,
        "create subscription bench connection 'host=localhost port=%d dbname=%s user=postgres' publication %s"
            .formatted(source.port(), Source.DATABASE, Workload.PUBLICATION));
  }

  @Override
  public String name() {
    return "native";
  }

  @Override
  void requireAlive() {
    // It is part of the server.
  }

  @Override
  public double peakResidentMiB() {
    return 0;
  }

  @Override
  public void close() throws SQLException {
    super.close();
    Workload.execute(target(), "drop subscription bench");
  }
}
