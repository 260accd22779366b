package dev.ficus.postgres;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.GroupName;
import dev.ficus.core.Lsn;
import dev.ficus.core.Via;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The stream rows of one target database: how the control plane asks for streams and how it waits
 * for them.
 *
 * <p>The relay writes positions and states itself, in the transactions that apply.
 */
public final class Streams {

  /** Ficus's first key of advisory locks for streams, which relays take in the target. */
  public static final int LEASE_CLASS = 1179206486;

  private final Database target;

  public Streams(Database target) {
    this.target = target;
  }

  /** What the second key of the lock of a stream is hashed from. */
  public static String lease(StreamName name) {
    return "ficus.stream." + name;
  }

  /** The database whose rows these are. */
  public Database target() {
    return target;
  }

  /**
   * Asks for a stream that begins with a backfill: the relay makes its slot, copies, then streams.
   * Asking again for the same name and epoch changes nothing; asking at a later epoch replaces a
   * stopped stream.
   *
   * @throws PostgresException if a stream of that name still runs at another epoch
   */
  public void requestCopy(
      StreamName name,
      GroupName group,
      Direction direction,
      String source,
      Epoch epoch,
      List<StreamTable> tables) {
    requestCopy(name, group, direction, source, epoch, tables, Via.DIRECT);
  }

  /** The same for a stream that travels as said. */
  public void requestCopy(
      StreamName name,
      GroupName group,
      Direction direction,
      String source,
      Epoch epoch,
      List<StreamTable> tables,
      Via via) {
    request(
        name,
        group,
        direction,
        source,
        epoch,
        via,
        true,
        StreamState.REQUESTED,
        Optional.empty(),
        Lsn.ZERO,
        tables);
  }

  /**
   * Asks for a stream without a backfill, on a slot that exists and has been advanced to {@code
   * position}: all that the source committed up to there is in the target already.
   */
  public void requestFrom(
      StreamName name,
      GroupName group,
      Direction direction,
      String source,
      Epoch epoch,
      ServerIdentity identity,
      Lsn position,
      List<StreamTable> tables,
      Via via) {
    request(
        name,
        group,
        direction,
        source,
        epoch,
        via,
        false,
        StreamState.STREAMING,
        Optional.of(identity),
        position,
        tables);
  }

  private void request(
      StreamName name,
      GroupName group,
      Direction direction,
      String source,
      Epoch epoch,
      Via via,
      boolean copy,
      StreamState state,
      Optional<ServerIdentity> identity,
      Lsn position,
      List<StreamTable> tables) {
    try (Connection connection = target.connect("stream " + name)) {
      connection.setAutoCommit(false);
      if (copy) {
        requireShut(connection, group);
      }
      int inserted;
      try (PreparedStatement upsert = connection.prepareStatement(StreamSql.REQUEST)) {
        upsert.setString(1, name.value());
        upsert.setString(2, group.value());
        upsert.setString(3, direction.name());
        upsert.setString(4, source);
        upsert.setLong(5, epoch.value());
        upsert.setString(6, name.slot(epoch));
        upsert.setString(7, name.slot(epoch));
        upsert.setBoolean(8, copy);
        upsert.setString(9, state.name());
        upsert.setString(10, identity.map(ServerIdentity::system).orElse(null));
        upsert.setObject(
            11, identity.map(ServerIdentity::timeline).orElse(null), java.sql.Types.INTEGER);
        upsert.setString(12, position.toString());
        upsert.setString(13, StreamRows.column(via));
        upsert.setInt(14, StreamSql.partitions(via));
        inserted = upsert.executeUpdate();
      }
      if (inserted == 0) {
        connection.rollback();
        StreamRow there = get(name);
        if (there.epoch().equals(epoch) && there.source().equals(source)) {
          return;
        }
        throw PostgresException.state(
            ErrorKind.NEEDS_PERSON,
            "stream "
                + name
                + " in "
                + target
                + " is "
                + there.state()
                + " at epoch "
                + there.epoch()
                + " and cannot be requested again at epoch "
                + epoch,
            "run \"ficus status\" and let the running step end or roll back first");
      }
      try (PreparedStatement delete =
              connection.prepareStatement("delete from ficus.stream_table where stream = ?");
          PreparedStatement end =
              connection.prepareStatement(
                  "update ficus.stream_topic set ended = true where stream = ?")) {
        delete.setString(1, name.value());
        delete.executeUpdate();
        // A new stream never reads what was published for an old one.
        end.setString(1, name.value());
        end.executeUpdate();
      }
      try (PreparedStatement insert = connection.prepareStatement(StreamSql.REQUEST_TABLE)) {
        for (StreamTable table : tables) {
          insert.setString(1, name.value());
          insert.setString(2, table.source().schema());
          insert.setString(3, table.source().name());
          insert.setString(4, table.target().schema());
          insert.setString(5, table.target().name());
          insert.setArray(6, connection.createArrayOf("text", table.columns().toArray()));
          insert.setArray(7, connection.createArrayOf("text", table.key().toArray()));
          insert.addBatch();
        }
        insert.executeBatch();
      }
      for (StreamTable table : tables) {
        StreamMappings.insert(connection, name, table);
      }
      connection.commit();
    } catch (SQLException e) {
      throw PostgresException.sql("requesting stream " + name + " in " + target, e);
    }
  }

  /** A copy empties its tables first: never those of the side that is written. */
  private void requireShut(Connection connection, GroupName group) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select 1 from ficus.fence where group_name = ? and state = 'open'")) {
      select.setString(1, group.value());
      try (ResultSet row = select.executeQuery()) {
        if (row.next()) {
          throw PostgresException.state(
              ErrorKind.NEEDS_PERSON,
              "a copy into " + target + " was asked for, which takes the writes of group " + group,
              "run \"ficus status\" to see where the group stands; what is there would be lost");
        }
      }
    }
  }

  /**
   * Ends a stream: once this returns, no relay can apply anything more to this database under that
   * name, since every apply updates the stream's row where its state still allows it. The slot is
   * left; see {@link Slots#drop}.
   */
  public void stop(StreamName name) {
    try (Connection connection = target.connect("stream " + name);
        PreparedStatement update = connection.prepareStatement(StreamSql.STOP)) {
      update.setString(1, name.value());
      update.executeUpdate();
    } catch (SQLException e) {
      throw PostgresException.sql("stopping stream " + name + " in " + target, e);
    }
  }

  /**
   * Lets a stopped stream go on from its position; its slot must still be there. Nothing happens to
   * a stream that was not stopped.
   *
   * <p>The guards that {@link #stop} left behind still hold: in between nothing was applied past
   * them, since each apply requires the state, and no dual write came, since {@code
   * ficus.dual_write} requires it too.
   *
   * @param guarded whether it writes through guards, as it did before it was stopped
   */
  public void resume(StreamName name, boolean guarded) {
    try (Connection connection = target.connect("stream " + name);
        PreparedStatement update =
            connection.prepareStatement(
                """
                update ficus.stream set state = 'STREAMING', guarded = ?, changed_at = clock_timestamp()
                where name = ? and state = 'STOPPED'
                """)) {
      update.setBoolean(1, guarded);
      update.setString(2, name.value());
      update.executeUpdate();
    } catch (SQLException e) {
      throw PostgresException.sql("resuming stream " + name + " in " + target, e);
    }
  }

  /**
   * Lets a stream that has failed go on as if it had been restarted where it failed; what failed it
   * fails it again unless it was mended.
   *
   * @return whether it had failed
   */
  public boolean retry(StreamName name) {
    try (Connection connection = target.connect("stream " + name);
        PreparedStatement update =
            connection.prepareStatement(
                """
                update ficus.stream set state = failed_from, failure = null, advice = null, changed_at = clock_timestamp()
                where name = ? and state = 'FAILED' and failed_from is not null
                """)) {
      update.setString(1, name.value());
      return update.executeUpdate() == 1;
    } catch (SQLException e) {
      throw PostgresException.sql("trying stream " + name + " in " + target + " again", e);
    }
  }

  /**
   * Makes the relay write through guards, or without them, from its next apply on. Before guards
   * go, the fence must keep dual writes out.
   *
   * <p>A switch forgets the group's guards, since they hold only while every apply heeds them:
   *
   * <ol>
   *   <li>a service commits A and then B of one row, and B's dual write leaves its guard;
   *   <li>guards go, and the stream, which is behind, sets the row back to A: the guard says B;
   *   <li>guards come back, and the stream brings B: it lies below its own guard, and would be lost
   *       for good.
   * </ol>
   *
   * What guards already keeps its guards: dual writes may run.
   */
  public void guard(StreamName name, boolean guarded) {
    try (Connection connection = target.connect("stream " + name)) {
      connection.setAutoCommit(false);
      // Each statement must see what was committed while the one before it waited.
      connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
      try (PreparedStatement update = connection.prepareStatement(StreamSql.GUARD);
          PreparedStatement forget = connection.prepareStatement(StreamSql.FORGET_GUARDS)) {
        update.setBoolean(1, guarded);
        update.setString(2, name.value());
        update.setBoolean(3, guarded);
        // The row's lock waits for an apply that is at work under the old switch.
        if (update.executeUpdate() == 1) {
          forget.setString(1, name.value());
          forget.executeUpdate();
        }
      }
      connection.commit();
    } catch (SQLException e) {
      throw PostgresException.sql("switching the guards of stream " + name + " in " + target, e);
    }
  }

  /** Forgets a stopped stream; a relay removes its topic. */
  public void remove(StreamName name) {
    try (Connection connection = target.connect("stream " + name);
        PreparedStatement delete = connection.prepareStatement(StreamSql.REMOVE)) {
      delete.setString(1, name.value());
      delete.executeUpdate();
    } catch (SQLException e) {
      throw PostgresException.sql("removing stream " + name + " from " + target, e);
    }
  }

  /** The stream of that name. */
  public Optional<StreamRow> find(StreamName name) {
    try (Connection connection = target.connect("stream " + name)) {
      return StreamRows.read(connection, Optional.of(name)).stream().findFirst();
    } catch (SQLException e) {
      throw PostgresException.sql("reading stream " + name + " of " + target, e);
    }
  }

  /** The stream of that name, which must be there. */
  StreamRow get(StreamName name) {
    return find(name)
        .orElseThrow(
            () ->
                PostgresException.state(
                    ErrorKind.NEEDS_PERSON,
                    "there is no stream " + name + " in " + target,
                    "run \"ficus status\": the group may have been rolled back meanwhile"));
  }

  /** All streams that end in this database, by name. */
  public List<StreamRow> list() {
    try (Connection connection = target.connect("streams")) {
      return list(connection);
    } catch (SQLException e) {
      throw PostgresException.sql("listing the streams of " + target, e);
    }
  }

  /** All streams that end in the connection's database, by name. */
  public static List<StreamRow> list(Connection connection) throws SQLException {
    return StreamRows.read(connection, Optional.empty());
  }

  /**
   * Waits until the stream has applied past a marker.
   *
   * @param marker what {@link Marker#write} returned
   * @throws PostgresException if the stream failed or stopped, or the time ran out; the message
   *     says how far it came
   */
  public void awaitPosition(StreamName name, Lsn marker, Duration timeout) {
    new StreamWait(this, name, timeout)
        .until("position " + marker, row -> row.position().hasReached(marker));
  }

  /** Waits until the stream streams. */
  public void awaitStreaming(StreamName name, Duration timeout) {
    new StreamWait(this, name, timeout).untilStreaming();
  }

  /**
   * Waits until the stream streams, as long as a relay works on it.
   *
   * @param untaken how long it is waited for without a relay
   * @throws PostgresException also if no relay was there for that long
   */
  public void awaitStreaming(StreamName name, Duration timeout, Duration untaken) {
    new StreamWait(this, name, timeout).untilStreaming(untaken);
  }
}
