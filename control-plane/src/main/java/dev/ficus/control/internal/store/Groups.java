package dev.ficus.control.internal.store;

import dev.ficus.core.Epoch;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.core.ServiceName;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.Shown;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The groups' rows; every change compares with what was read before (rule R13). */
public final class Groups {

  private static final String CHANGE =
      """
      update ficus_control.migration_group set
        phase = ?, came_from = case when ? then phase else came_from end,
        settled = case when ? then false else settled end, epoch = ?,
        route_version = route_version + 1, read_percentage = ?, shadow_percentage = ?, kill_switch = ?,
        phase_since = case when ? then clock_timestamp() else phase_since end,
        evidence_since = case when ? then clock_timestamp() else evidence_since end
      where name = ? and phase = ? and epoch = ? and route_version = ?
      """;

  private final Database database;

  Groups(Database database) {
    this.database = database;
  }

  /** The group's row, or what it would be for a group never seen before; it writes nothing. */
  public GroupRow look(GroupName name, ServiceName service) {
    try (Connection connection = database.connect("control " + name)) {
      return select(connection, name)
          .map(row -> requireService(row, service))
          .orElseGet(() -> unseen(name, service));
    } catch (SQLException e) {
      if (ControlStore.isMissing(e)) {
        return unseen(name, service);
      }
      throw PostgresException.sql("reading group " + name + " from the control store", e);
    }
  }

  private static GroupRow unseen(GroupName name, ServiceName service) {
    return new GroupRow(
        name,
        service,
        Phase.SHARED,
        Phase.SHARED,
        true,
        Epoch.FIRST,
        1,
        0,
        0,
        false,
        Instant.EPOCH,
        Instant.EPOCH);
  }

  private static GroupRow requireService(GroupRow row, ServiceName service) {
    if (!row.service().equals(service)) {
      throw new FicusException(
          ErrorKind.NEEDS_PERSON,
          "group "
              + row.name()
              + " belongs to service "
              + service
              + " in the manifest and to "
              + row.service()
              + " in the control store",
          "put the group back under service " + row.service() + " in the manifest");
    }
    return row;
  }

  /** The group's row; a group never seen before begins in {@code SHARED}. */
  public GroupRow load(GroupName name, ServiceName service) {
    try (Connection connection = database.connect("control " + name)) {
      Optional<GroupRow> row = select(connection, name);
      if (row.isPresent()) {
        return requireService(row.get(), service);
      }
      try (PreparedStatement insert =
          connection.prepareStatement(
              """
              insert into ficus_control.migration_group (name, service, phase, came_from, epoch,
                route_version, read_percentage, shadow_percentage, kill_switch)
              values (?, ?, 'SHARED', 'SHARED', 1, 1, 0, 0, false) on conflict (name) do nothing
              """)) {
        insert.setString(1, name.value());
        insert.setString(2, service.value());
        insert.executeUpdate();
      }
      return select(connection, name).orElseThrow();
    } catch (SQLException e) {
      throw PostgresException.sql("reading group " + name + " from the control store", e);
    }
  }

  /**
   * Changes the row if it is still as it was read; the route version rises by one.
   *
   * @throws FicusException if another command has changed the group meanwhile
   */
  public GroupRow change(GroupRow read, GroupChange change) {
    try (Connection connection = database.connect("control " + read.name())) {
      if (!change(connection, read, change)) {
        throw changedMeanwhile(read);
      }
      return select(connection, read.name()).orElseThrow();
    } catch (SQLException e) {
      throw PostgresException.sql("changing group " + read.name() + " in the control store", e);
    }
  }

  /** The statement of {@link #change}, for a dry run. */
  public static String changeSql(GroupRow read, GroupChange change) {
    boolean moves = change.phase() != read.phase();
    return Shown.sql(
        CHANGE,
        change.phase().name(),
        moves,
        moves,
        change.epoch().value(),
        change.readPercentage(),
        change.shadowPercentage(),
        change.killSwitch(),
        moves,
        change.renewsEvidence(),
        read.name().value(),
        read.phase().name(),
        read.epoch().value(),
        read.routeVersion());
  }

  static FicusException changedMeanwhile(GroupRow read) {
    return new FicusException(
        ErrorKind.ABORTED,
        "group "
            + read.name()
            + " was changed by another command since it was read in "
            + read.phase(),
        "run \"ficus status\" and decide again");
  }

  static boolean change(Connection connection, GroupRow read, GroupChange change)
      throws SQLException {
    boolean moves = change.phase() != read.phase();
    try (PreparedStatement update = connection.prepareStatement(CHANGE)) {
      update.setString(1, change.phase().name());
      update.setBoolean(2, moves);
      update.setBoolean(3, moves);
      update.setLong(4, change.epoch().value());
      update.setInt(5, change.readPercentage());
      update.setInt(6, change.shadowPercentage());
      update.setBoolean(7, change.killSwitch());
      update.setBoolean(8, moves);
      update.setBoolean(9, change.renewsEvidence());
      update.setString(10, read.name().value());
      update.setString(11, read.phase().name());
      update.setLong(12, read.epoch().value());
      update.setLong(13, read.routeVersion());
      return update.executeUpdate() == 1;
    }
  }

  /** Notes that the last step of the transition into the present phase is done. */
  public void settle(GroupRow read) {
    try (Connection connection = database.connect("control " + read.name());
        PreparedStatement update =
            connection.prepareStatement(
                "update ficus_control.migration_group set settled = true where name = ? and"
                    + " route_version = ?")) {
      update.setString(1, read.name().value());
      update.setLong(2, read.routeVersion());
      if (update.executeUpdate() != 1) {
        throw changedMeanwhile(read);
      }
    } catch (SQLException e) {
      throw PostgresException.sql("settling group " + read.name() + " in the control store", e);
    }
  }

  /** Notes which tables the group is provisioned with. */
  public void provision(GroupName name, List<TableName> tables) {
    String[] names =
        tables.stream()
            .flatMap(table -> Stream.of(table.schema(), table.name()))
            .toArray(String[]::new);
    try (Connection connection = database.connect("control " + name);
        PreparedStatement update =
            connection.prepareStatement(
                "update ficus_control.migration_group set tables = ? where name = ?")) {
      update.setArray(1, connection.createArrayOf("text", names));
      update.setString(2, name.value());
      update.executeUpdate();
    } catch (SQLException e) {
      throw PostgresException.sql("noting the tables of group " + name, e);
    }
  }

  /** The tables that the group was provisioned with; none if it never was. */
  public List<TableName> tables(GroupName name) {
    try (Connection connection = database.connect("control " + name);
        PreparedStatement select =
            connection.prepareStatement(
                "select tables from ficus_control.migration_group where name = ?")) {
      select.setString(1, name.value());
      List<TableName> tables = new ArrayList<>();
      try (ResultSet row = select.executeQuery()) {
        if (row.next()) {
          String[] names = (String[]) row.getArray(1).getArray();
          for (int i = 0; i + 1 < names.length; i += 2) {
            tables.add(new TableName(names[i], names[i + 1]));
          }
        }
      }
      return tables;
    } catch (SQLException e) {
      throw PostgresException.sql("reading the tables of group " + name, e);
    }
  }

  /** How long the group has been in its phase, by the control store's clock. */
  public Duration inPhase(GroupRow read) {
    try (Connection connection = database.connect("control " + read.name());
        PreparedStatement select =
            connection.prepareStatement(
                """
                select (extract(epoch from clock_timestamp() - phase_since) * 1000)::bigint
                from ficus_control.migration_group where name = ?
                """)) {
      select.setString(1, read.name().value());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return Duration.ofMillis(row.getLong(1));
      }
    } catch (SQLException e) {
      throw PostgresException.sql("reading group " + read.name() + " from the control store", e);
    }
  }

  static Optional<GroupRow> select(Connection connection, GroupName name) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select name, service, phase, came_from, settled, epoch, route_version, read_percentage, shadow_percentage,
              kill_switch, phase_since, evidence_since
            from ficus_control.migration_group where name = ?
            """)) {
      select.setString(1, name.value());
      try (ResultSet row = select.executeQuery()) {
        return row.next()
            ? Optional.of(
                new GroupRow(
                    name,
                    new ServiceName(row.getString(2)),
                    Phase.valueOf(row.getString(3)),
                    Phase.valueOf(row.getString(4)),
                    row.getBoolean(5),
                    new Epoch(row.getLong(6)),
                    row.getLong(7),
                    row.getInt(8),
                    row.getInt(9),
                    row.getBoolean(10),
                    row.getObject(11, OffsetDateTime.class).toInstant(),
                    row.getObject(12, OffsetDateTime.class).toInstant()))
            : Optional.empty();
      }
    }
  }
}
