package dev.ficus.postgres;

import dev.ficus.core.GroupName;
import dev.ficus.core.ServiceName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Writes one instance's rows of {@code ficus.instance}: the acknowledged route and the counters.
 */
final class InstanceReports {

  private static final String UPSERT = upsert();

  private InstanceReports() {}

  static void write(
      Connection connection,
      String instance,
      ServiceName service,
      GroupName group,
      long routeVersion,
      InstanceCounters counters)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(UPSERT)) {
      statement.setString(1, instance);
      statement.setString(2, service.value());
      statement.setString(3, group.value());
      statement.setLong(4, routeVersion);
      statement.setLong(5, counters.longestFenceWait().toMillis());
      int index = 6;
      for (Counter counter : Counter.values()) {
        statement.setLong(index++, counters.value(counter));
      }
      statement.executeUpdate();
    }
  }

  private static String upsert() {
    String columns =
        Arrays.stream(Counter.values()).map(Counter::column).collect(Collectors.joining(", "));
    String values = ", ?".repeat(Counter.values().length);
    String updates =
        Arrays.stream(Counter.values())
            .map(counter -> counter.column() + " = excluded." + counter.column())
            .collect(Collectors.joining(", "));
    return "insert into ficus.instance (instance_id, service, group_name, route_version, fence_wait_max_ms, "
        + columns
        + ") values (?, ?, ?, ?, ?"
        + values
        + ") on conflict (instance_id, group_name) do update set route_version = excluded.route_version,"
        + " fence_wait_max_ms = excluded.fence_wait_max_ms, "
        + updates
        + ", seen_at = clock_timestamp()";
  }
}
