package dev.ficus.spring;

import dev.ficus.core.DaemonThreads;
import dev.ficus.core.Direction;
import dev.ficus.core.GroupName;
import dev.ficus.core.TableName;
import dev.ficus.postgres.ConnectionSource;
import dev.ficus.postgres.RouteWatcher;
import dev.ficus.postgres.SqlErrors;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Warns where the tables that a service takes for a group's are not those that its stream carries:
 * a declared write of any other table works until the flip, and then runs in a database that lacks
 * it.
 */
final class TableCheck implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(TableCheck.class);

  private final Map<GroupName, Set<TableName>> configured;
  private final ConnectionSource service;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(DaemonThreads.named("ficus-table-check"));
  private final Map<GroupName, String> warned = new ConcurrentHashMap<>();

  TableCheck(Map<GroupName, Set<TableName>> configured, ConnectionSource service) {
    this.configured = Map.copyOf(configured);
    this.service = service;
  }

  /** Looks now, and with each new route; on a thread of its own, since the database may be down. */
  void watch(RouteWatcher routes) {
    routes.onChange(route -> thread.execute(() -> warn(route.group())));
    routes.groups().forEach(group -> thread.execute(() -> warn(group)));
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }

  private void warn(GroupName group) {
    try {
      Optional<String> difference = difference(group);
      if (difference.isPresent() && !difference.get().equals(warned.put(group, difference.get()))) {
        LOG.warn(
            "group {}: {}; next: make ficus.groups.{}.tables and the manifest agree",
            group,
            difference.get(),
            group);
      }
    } catch (SQLException e) {
      LOG.debug("group {}: its stream's tables cannot be seen: {}", group, SqlErrors.describe(e));
    }
  }

  /** How the tables differ; empty where they do not, or the group has no stream to here. */
  Optional<String> difference(GroupName group) throws SQLException {
    Set<TableName> streamed = new TreeSet<>();
    try (Connection connection = service.open();
        PreparedStatement select =
            connection.prepareStatement(
                """
                select t.source_schema, t.source_table from ficus.stream s join ficus.stream_table t on t.stream = s.name
                where s.group_name = ? and s.direction = ?
                """)) {
      select.setString(1, group.value());
      select.setString(2, Direction.FORWARD.name());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          streamed.add(new TableName(row.getString(1), row.getString(2)));
        }
      }
    }
    Set<TableName> mine = configured.getOrDefault(group, Set.of());
    if (streamed.isEmpty() || streamed.equals(mine)) {
      return Optional.empty();
    }
    Set<TableName> unmoved = new TreeSet<>(mine);
    unmoved.removeAll(streamed);
    Set<TableName> unnamed = new TreeSet<>(streamed);
    unnamed.removeAll(mine);
    return Optional.of(
        "its stream does not carry " + unmoved + " and carries " + unnamed + " besides");
  }
}
