package dev.ficus.control.internal;

import dev.ficus.control.InstanceSummary;
import dev.ficus.postgres.PostgresException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;

/** What the instances of a group's service report in its service database. */
public final class Instances {

  private Instances() {}

  /** Their counters, summed; zeros where nobody has ever reported. */
  public static InstanceSummary summary(Work work) {
    try (Connection connection = work.serviceDatabase().connect("instances of " + work.name())) {
      return summary(connection, work);
    } catch (SQLException e) {
      throw PostgresException.sql(
          "reading the instances of group " + work.name() + " in " + work.serviceDatabase(), e);
    }
  }

  /** The same on an open connection to the service database. */
  static InstanceSummary summary(Connection connection, Work work) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select count(*) filter (where recent), count(*) filter (where recent and route_version >= ?),
              coalesce(sum(reads_shared), 0), coalesce(sum(reads_service), 0), coalesce(sum(reads_fallen_back), 0),
              coalesce(sum(shadow_compared), 0), coalesce(sum(shadow_mismatches), 0), coalesce(sum(shadow_unresolved), 0),
              coalesce(sum(dual_writes), 0), coalesce(sum(dual_writes_left), 0),
              coalesce(sum(fence_waits), 0), coalesce(max(fence_wait_max_ms), 0)
            from (select *, seen_at > clock_timestamp() - interval '10 seconds' as recent
              from ficus.instance where group_name = ?) i
            """)) {
      select.setLong(1, work.row().routeVersion());
      select.setString(2, work.name().value());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return new InstanceSummary(
            row.getInt(1),
            row.getInt(2),
            row.getLong(3),
            row.getLong(4),
            row.getLong(5),
            row.getLong(6),
            row.getLong(7),
            row.getLong(8),
            row.getLong(9),
            row.getLong(10),
            row.getLong(11),
            Duration.ofMillis(row.getLong(12)));
      }
    }
  }
}
