package dev.ficus.relay.internal.apply;

import dev.ficus.core.FaultPoints;
import dev.ficus.postgres.StreamRow;
import dev.ficus.relay.internal.ddl.Addition;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** Gives a target's table what its source's has got. */
public final class Additions {

  private Additions() {}

  /** Does so in the target's open transaction, and has the stream carry it from there on. */
  static void perform(Connection target, StreamRow stream, Addition addition) throws SQLException {
    new PartitionAddition(target).perform(addition);
    new ColumnAddition(target, stream).perform(addition);
  }

  /**
   * Does so in a transaction of its own, where all of before is applied. That is flushed: what was
   * published of a column must never be there without it.
   *
   * @param target the connection that bears the lease of whoever found it, which is left with
   *     auto-commit off
   * @throws StreamEnded if the stream is not wanted any more
   */
  public static void commit(
      Connection target, StreamRow stream, Addition addition, FaultPoints faults)
      throws SQLException {
    target.setAutoCommit(false);
    lock(target, stream);
    try (Statement session = target.createStatement()) {
      session.execute("set local synchronous_commit = on");
    }
    perform(target, stream, addition);
    faults.reach("relay.addition.before-commit");
    target.commit();
    faults.reach("relay.addition.after-commit");
  }

  /** Nobody applies, or stops the stream, meanwhile. */
  private static void lock(Connection target, StreamRow stream) throws SQLException {
    try (PreparedStatement select =
        target.prepareStatement(
            "select 1 from ficus.stream where name = ? and epoch = ? and state = 'STREAMING' for update")) {
      select.setString(1, stream.name().value());
      select.setLong(2, stream.epoch().value());
      try (ResultSet row = select.executeQuery()) {
        if (!row.next()) {
          throw new StreamEnded("stream " + stream.name() + " is not wanted any more");
        }
      }
    }
  }
}
