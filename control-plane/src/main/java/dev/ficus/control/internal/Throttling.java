package dev.ficus.control.internal;

import dev.ficus.control.internal.references.FicusInstalled;
import dev.ficus.control.internal.store.Journal;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.Phase;
import dev.ficus.postgres.CopyLimits;
import dev.ficus.postgres.PostgresException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;

/**
 * How fast a group's tables may be copied. It needs no lock: the limits change no state, and the
 * command that waits for the copy may hold the lock.
 */
public final class Throttling {

  private Throttling() {}

  /** The limits in force. */
  public static CopyLimits read(Work work) {
    try (Connection connection = connect(work)) {
      return CopyLimits.read(connection, work.name());
    } catch (SQLException e) {
      throw PostgresException.sql("reading the copy's limits in " + work.serviceDatabase(), e);
    }
  }

  /** Sets the limits, and journals who did. */
  public static void write(Work work, String actor, CopyLimits limits) {
    try (Connection connection = connect(work)) {
      limits.write(connection, work.name());
    } catch (SQLException e) {
      throw PostgresException.sql("limiting the copy in " + work.serviceDatabase(), e);
    }
    Phase phase = work.row().phase();
    work.store()
        .journal()
        .append(
            new Journal.Entry(work.name(), actor, "throttle", phase, phase),
            Journal.Result.DONE,
            Map.of("limits", limits.toString()));
  }

  private static Connection connect(Work work) throws SQLException {
    Connection connection = work.serviceDatabase().connect("throttle " + work.name());
    if (!FicusInstalled.on(connection)) {
      connection.close();
      throw new FicusException(
          ErrorKind.USAGE,
          "group "
              + work.name()
              + " is in "
              + work.row().phase()
              + ": its service database has no schema ficus yet, where limits are kept",
          "provision the group first: ficus advance " + work.name());
    }
    return connection;
  }
}
