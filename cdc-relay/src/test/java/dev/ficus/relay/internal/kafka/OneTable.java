package dev.ficus.relay.internal.kafka;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.TableName;
import dev.ficus.core.Via;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.FicusSchema;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.Streams;
import dev.ficus.testkit.TestDatabase;
import java.util.List;

/** A stream over Kafka of one table, as it is requested. */
final class OneTable {

  private static final GroupName GROUP = new GroupName("orders");
  static final StreamName STREAM = StreamName.of(GROUP, Direction.FORWARD);
  static final TableName NAME = new TableName("public", "t");

  private OneTable() {}

  /** Requests it into a database that gets schema ficus. */
  static Streams request(TestDatabase database) {
    Database target = new Database("orders", database.address());
    FicusSchema.install(target);
    Streams streams = new Streams(target);
    streams.requestCopy(
        STREAM,
        GROUP,
        Direction.FORWARD,
        Database.SHARED,
        Epoch.FIRST,
        List.of(new StreamTable(NAME, NAME, List.of("id"), List.of("id"))),
        new Via.Kafka(1));
    return streams;
  }
}
