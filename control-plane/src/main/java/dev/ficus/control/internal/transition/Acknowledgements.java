package dev.ficus.control.internal.transition;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.GroupName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Which instances of a service obey which route.
 *
 * <p>Nothing depends on them for safety, since fences refuse who has not heard; they are awaited so
 * that a phase means what it says once the command has ended.
 */
final class Acknowledgements {

  private static final Duration POLL = Duration.ofMillis(20);

  private final Database database;
  private final GroupName group;

  Acknowledgements(Database database, GroupName group) {
    this.database = database;
    this.group = group;
  }

  /**
   * Waits until every instance that has reported within ten seconds obeys the route.
   *
   * @throws FicusException naming the instances that do not
   */
  void await(long routeVersion, Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    try (Connection connection = database.connect("instances of " + group)) {
      while (true) {
        List<String> behind = behind(connection, routeVersion);
        if (behind.isEmpty()) {
          return;
        }
        if (System.nanoTime() - deadline > 0) {
          throw new FicusException(
              ErrorKind.ABORTED,
              "these running instances do not obey route version "
                  + routeVersion
                  + " of group "
                  + group
                  + " after "
                  + patience.toSeconds()
                  + " s: "
                  + String.join(", ", behind),
              "look at their logs; once they have caught up or ended, run the command again and it"
                  + " finishes");
        }
        LockSupport.parkNanos(POLL.toNanos());
      }
    } catch (SQLException e) {
      throw PostgresException.sql(
          "reading the acknowledgements of group " + group + " in " + database, e);
    }
  }

  private List<String> behind(Connection connection, long routeVersion) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select instance_id || ' (at version ' || route_version || ')' from ficus.instance
            where group_name = ? and route_version < ? and seen_at > clock_timestamp() - interval '10 seconds' order by 1
            """)) {
      select.setString(1, group.value());
      select.setLong(2, routeVersion);
      List<String> behind = new ArrayList<>();
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          behind.add(row.getString(1));
        }
      }
      return behind;
    }
  }
}
