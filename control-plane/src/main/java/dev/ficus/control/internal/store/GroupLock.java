package dev.ficus.control.internal.store;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.GroupName;
import dev.ficus.postgres.PostgresException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;

/**
 * The right to change one group, held while a command runs.
 *
 * <p>It is a session's advisory lock, so it ends with the operator's process and is never left
 * behind. It keeps operators apart; what keeps data safe from one who lost it unnoticed are the
 * compare-and-sets of control store and fences.
 */
public final class GroupLock implements AutoCloseable {

  private static final int SPACE = 1_179_206_486;

  private final Connection connection;
  private final GroupName group;

  private GroupLock(Connection connection, GroupName group) {
    this.connection = connection;
    this.group = group;
  }

  /**
   * Takes the lock.
   *
   * @throws FicusException at once if another command holds it; the message names its actor
   */
  public static GroupLock take(ControlStore store, GroupName group, String actor) {
    return tryTake(store, group, actor)
        .orElseThrow(
            () ->
                new FicusException(
                    ErrorKind.ABORTED,
                    "another command works on group " + group + ": " + holder(store, group),
                    "wait until it has ended, or agree with its operator; \"ficus status\" shows the"
                        + " group"));
  }

  /** Takes the lock if no command holds it. */
  public static Optional<GroupLock> tryTake(ControlStore store, GroupName group, String actor) {
    Connection connection = store.database().connect("group " + group + " for " + actor);
    try {
      try (PreparedStatement lock =
          connection.prepareStatement("select pg_try_advisory_lock(?, hashtext(?))")) {
        lock.setInt(1, SPACE);
        lock.setString(2, group.value());
        try (ResultSet row = lock.executeQuery()) {
          row.next();
          if (row.getBoolean(1)) {
            return Optional.of(new GroupLock(connection, group));
          }
        }
      }
      connection.close();
      return Optional.empty();
    } catch (SQLException e) {
      try {
        connection.close();
      } catch (SQLException closing) {
        e.addSuppressed(closing);
      }
      throw PostgresException.sql("locking group " + group + " in the control store", e);
    }
  }

  private static String holder(ControlStore store, GroupName group) {
    try (Connection connection = store.database().connect("group " + group);
        PreparedStatement select =
            connection.prepareStatement(
                """
            select format('"%s", database session %s from %s, since %s', a.application_name, a.pid,
              coalesce(host(a.client_addr), 'this host'), to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS "UTC"'))
            from pg_locks l join pg_stat_activity a on a.pid = l.pid
            where l.locktype = 'advisory' and l.granted and l.classid = ? and l.objsubid = 2
              and l.objid::bigint = (hashtext(?)::bigint & 4294967295)
              and l.database = (select oid from pg_database where datname = current_database())
            """)) {
      select.setInt(1, SPACE);
      select.setString(2, group.value());
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? row.getString(1) : "it has just ended";
      }
    } catch (SQLException e) {
      throw PostgresException.sql("reading who has locked group " + group, e);
    }
  }

  /**
   * Makes sure that the lock's session still lives.
   *
   * @throws FicusException if it was lost, so that another operator may be at work
   */
  public void requireHeld() {
    try {
      if (connection.isValid(1)) {
        return;
      }
    } catch (SQLException e) {
      throw PostgresException.sql("checking the lock of group " + group, e);
    }
    throw new FicusException(
        ErrorKind.ABORTED,
        "the lock of group " + group + " was lost with its connection to the control store",
        "check the control store's server, then run the command again");
  }

  /**
   * Releases the lock before the connection: the server notices the end of a session only a moment
   * after the client, and the next command would find the lock taken by nobody.
   */
  @Override
  public void close() {
    try (Connection ending = connection) {
      if (ending.isValid(1)) {
        try (PreparedStatement unlock =
            ending.prepareStatement("select pg_advisory_unlock(?, hashtext(?))")) {
          unlock.setInt(1, SPACE);
          unlock.setString(2, group.value());
          unlock.execute();
        }
      }
    } catch (SQLException e) {
      throw PostgresException.sql("releasing the lock of group " + group, e);
    }
  }
}
