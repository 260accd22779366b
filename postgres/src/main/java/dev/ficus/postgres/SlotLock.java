package dev.ficus.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * The right to make, read or drop a slot and its publication: a session lock in the source, which
 * ends with its connection.
 *
 * <p>The race it closes:
 *
 * <ol>
 *   <li>a relay reads that a stream is wanted, and is about to make its slot;
 *   <li>the group is rolled back: the stream is stopped, there is no slot to drop yet, and the
 *       stream is forgotten;
 *   <li>the relay makes the slot, and finds out afterwards that nobody wants it. So does Debezium,
 *       which makes a slot that it does not find. Nobody ever drops that one: it fills the source's
 *       disk.
 * </ol>
 *
 * So a relay takes the lock, looks then whether the stream is still wanted, and keeps the lock for
 * as long as it may make or read the slot. Whoever drops the slot has ended the stream before, and
 * takes the lock then: either the relay sees that, or the slot is there to be dropped.
 */
public final class SlotLock {

  /** Ficus's first key of advisory locks for slots. */
  private static final int CLASS = 1179206489;

  /** How long a relay that ends may take to let go. */
  private static final Duration HANDOVER = Duration.ofSeconds(1);

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration POLL = Duration.ofMillis(10);

  private SlotLock() {}

  /**
   * Takes the lock for the connection's lifetime.
   *
   * @param source a connection in auto-commit mode; one for replication will do
   * @throws SQLException with state {@link SqlErrors#OBJECT_IN_USE} if another connection keeps it
   *     for longer than {@code patience}
   */
  public static void take(Connection source, String slot, Duration patience) throws SQLException {
    long deadline = System.nanoTime() + patience.toNanos();
    try (PreparedStatement lock =
        source.prepareStatement("select pg_try_advisory_lock(?, hashtext(?))")) {
      lock.setInt(1, CLASS);
      lock.setString(2, slot);
      while (!isTrue(lock)) {
        if (System.nanoTime() > deadline) {
          throw new SQLException(
              "a relay makes or reads slot "
                  + slot
                  + ", and has not let go of it within "
                  + patience.toMillis()
                  + " ms",
              SqlErrors.OBJECT_IN_USE);
        }
        LockSupport.parkNanos(POLL.toNanos());
      }
    }
  }

  /**
   * Takes the lock for a relay that has the lease, and looks then whether the stream is still
   * wanted. A relay that has the lock still has lost the lease, and may hang for ever, so its
   * connection is ended.
   *
   * @param source as {@link #take} needs it
   * @param state what the stream is in while it is wanted
   * @return whether it is in that state at its epoch, as far as is committed now
   */
  public static boolean takeOver(
      Connection source, Connection target, StreamRow stream, StreamState state)
      throws SQLException {
    takeOver(source, stream.slot());
    try (PreparedStatement select =
        target.prepareStatement(
            "select exists (select from ficus.stream where name = ? and epoch = ? and state = ?)")) {
      select.setString(1, stream.name().value());
      select.setLong(2, stream.epoch().value());
      select.setString(3, state.name());
      return isTrue(select);
    }
  }

  private static void takeOver(Connection source, String slot) throws SQLException {
    try {
      take(source, slot, HANDOVER);
    } catch (SQLException e) {
      if (!SqlErrors.OBJECT_IN_USE.equals(e.getSQLState())) {
        throw e;
      }
      breakOff(source, slot);
      take(source, slot, PATIENCE);
    }
  }

  /** Ends the connections of relays that have the lock. */
  public static void breakOff(Connection source, String slot) throws SQLException {
    try (PreparedStatement terminate =
        source.prepareStatement(
            """
            select pg_terminate_backend(l.pid) from pg_locks l
              join pg_database d on d.oid = l.database
              join pg_stat_activity a on a.pid = l.pid
            where d.datname = current_database() and l.locktype = 'advisory' and l.granted
              and l.classid = ? and l.objid::bigint = (hashtext(?)::bigint & 4294967295) and l.objsubid = 2
              and a.application_name like 'ficus relay %'
            """)) {
      terminate.setInt(1, CLASS);
      terminate.setString(2, slot);
      terminate.execute();
    }
  }

  private static boolean isTrue(PreparedStatement select) throws SQLException {
    try (ResultSet row = select.executeQuery()) {
      row.next();
      return row.getBoolean(1);
    }
  }
}
