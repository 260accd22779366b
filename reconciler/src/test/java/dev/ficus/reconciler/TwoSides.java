package dev.ficus.reconciler;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.core.Via;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.FicusSchema;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.Streams;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.time.Duration;
import java.util.List;

/** A source and a target on different servers, and the row of a stream between them. */
final class TwoSides implements AutoCloseable {

  static final StreamName STREAM = new StreamName("orders.forward");

  /** A position that every marker lies before: the stream has always arrived. */
  static final Lsn ARRIVED = Lsn.parse("FFFFFFFF/FFFFFFFF");

  private final TestDatabase source = TestPostgres.create();
  private final TestDatabase target = TestPostgres.createElsewhere();

  TwoSides() {
    FicusSchema.install(targetDatabase());
  }

  TestDatabase source() {
    return source;
  }

  TestDatabase target() {
    return target;
  }

  Database sourceDatabase() {
    return new Database(Database.SHARED, source.address());
  }

  Database targetDatabase() {
    return new Database("orders", target.address());
  }

  void both(String sql) {
    source.execute(sql);
    target.execute(sql);
  }

  void stream(Lsn position, StreamTable... tables) {
    new Streams(targetDatabase())
        .requestFrom(
            STREAM,
            new GroupName("orders"),
            Direction.FORWARD,
            Database.SHARED,
            Epoch.FIRST,
            sourceDatabase().identity(),
            position,
            List.of(tables),
            Via.DIRECT);
  }

  Reconciliation reconcile(ReconcilerSettings settings, StreamTable... tables) {
    return new Reconciler(sourceDatabase(), targetDatabase(), STREAM, settings)
        .reconcile(List.of(tables));
  }

  static ReconcilerSettings settings(int chunkRows) {
    return new ReconcilerSettings(
        chunkRows, 50, 10, Duration.ofSeconds(10), Duration.ofSeconds(20), 1_000);
  }

  static StreamTable table(String name, List<String> columns, List<String> key) {
    TableName table = TableName.parse(name);
    return new StreamTable(table, table, columns, key);
  }

  @Override
  public void close() {
    source.close();
    target.close();
  }
}
