package dev.ficus.control.internal.store;

import dev.ficus.core.GroupName;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.ddl.Usage;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The counters of retired tables as they stood when they were retired. */
public final class UsageReadings {

  private final Database database;

  UsageReadings(Database database) {
    this.database = database;
  }

  /** Replaces the group's reading. */
  public void store(GroupName group, Usage usage) {
    try (Connection connection = database.connect("usage " + group)) {
      connection.setAutoCommit(false);
      try (PreparedStatement delete =
          connection.prepareStatement(
              "delete from ficus_control.usage_reading where group_name = ?")) {
        delete.setString(1, group.value());
        delete.executeUpdate();
      }
      try (PreparedStatement insert =
          connection.prepareStatement(
              "insert into ficus_control.usage_reading values (?, ?, ?, ?, ?, ?, ?, ?)")) {
        for (Map.Entry<TableName, Usage.Count> table : usage.tables().entrySet()) {
          insert.setString(1, group.value());
          insert.setString(2, table.getKey().schema());
          insert.setString(3, table.getKey().name());
          insert.setObject(4, usage.at().atOffset(ZoneOffset.UTC));
          insert.setObject(5, usage.reset().map(it -> it.atOffset(ZoneOffset.UTC)).orElse(null));
          insert.setObject(6, usage.serverStarted().atOffset(ZoneOffset.UTC));
          insert.setLong(7, table.getValue().scans());
          insert.setLong(8, table.getValue().writes());
          insert.addBatch();
        }
        insert.executeBatch();
      }
      connection.commit();
    } catch (SQLException e) {
      throw PostgresException.sql("storing the usage of group " + group, e);
    }
  }

  /** The group's reading, if its tables have been retired. */
  public Optional<Usage> find(GroupName group) {
    try (Connection connection = database.connect("usage " + group);
        PreparedStatement select =
            connection.prepareStatement(
                """
                select table_schema, table_name, read_at, counters_reset, server_started, scans, writes
                from ficus_control.usage_reading where group_name = ?
                """)) {
      select.setString(1, group.value());
      Map<TableName, Usage.Count> tables = new HashMap<>();
      Instant at = Instant.EPOCH;
      Optional<Instant> reset = Optional.empty();
      Instant started = Instant.EPOCH;
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          at = row.getObject(3, OffsetDateTime.class).toInstant();
          reset =
              Optional.ofNullable(row.getObject(4, OffsetDateTime.class))
                  .map(OffsetDateTime::toInstant);
          started = row.getObject(5, OffsetDateTime.class).toInstant();
          tables.put(
              new TableName(row.getString(1), row.getString(2)),
              new Usage.Count(row.getLong(6), row.getLong(7)));
        }
      }
      return tables.isEmpty()
          ? Optional.empty()
          : Optional.of(new Usage(at, reset, started, tables));
    } catch (SQLException e) {
      throw PostgresException.sql("reading the usage of group " + group, e);
    }
  }
}
