package dev.ficus.relay.internal.apply;

import dev.ficus.postgres.StreamRow;
import dev.ficus.relay.internal.ddl.Addition;
import java.sql.Connection;
import java.sql.SQLException;

/** Gives a target's table what its source's has got. */
public final class Additions {

  private Additions() {}

  /** Does so in the target's open transaction, and has the stream carry it from there on. */
  public static void perform(Connection target, StreamRow stream, Addition addition)
      throws SQLException {
    new PartitionAddition(target).perform(addition);
    new ColumnAddition(target, stream).perform(addition);
  }
}
