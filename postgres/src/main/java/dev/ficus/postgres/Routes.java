package dev.ficus.postgres;

import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.core.Route;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * The routes published in one database; services listen on channel {@value #CHANNEL} and poll as
 * well.
 */
public final class Routes {

  /** The notification channel; the payload is the group's name. */
  public static final String CHANNEL = "ficus_route";

  private static final String UPSERT =
      """
      insert into ficus.route as r
        (group_name, version, phase, epoch, read_percentage, shadow_percentage, kill_switch)
      values (?, ?, ?, ?, ?, ?, ?)
      on conflict (group_name) do update set
        version = excluded.version, phase = excluded.phase, epoch = excluded.epoch,
        read_percentage = excluded.read_percentage, shadow_percentage = excluded.shadow_percentage,
        kill_switch = excluded.kill_switch, published_at = clock_timestamp()
      where r.version < excluded.version
      """;
  private static final String NOTIFY = "select pg_notify(?, ?)";

  private Routes() {}

  /** The statements of {@link #publish}, for a dry run. */
  public static List<String> publishSql(Route route) {
    return List.of(
        Shown.sql(
            UPSERT,
            route.group().value(),
            route.version(),
            route.phase().name(),
            route.epoch().value(),
            route.readPercentage(),
            route.shadowPercentage(),
            route.killSwitch()),
        Shown.sql(NOTIFY, CHANNEL, route.group().value()));
  }

  /** Publishes a route; one that is not newer than what is there changes nothing. */
  public static void publish(Database database, Route route) {
    try (Connection connection = database.connect("route " + route.group());
        PreparedStatement upsert = connection.prepareStatement(UPSERT);
        PreparedStatement notify = connection.prepareStatement(NOTIFY)) {
      connection.setAutoCommit(false);
      upsert.setString(1, route.group().value());
      upsert.setLong(2, route.version());
      upsert.setString(3, route.phase().name());
      upsert.setLong(4, route.epoch().value());
      upsert.setInt(5, route.readPercentage());
      upsert.setInt(6, route.shadowPercentage());
      upsert.setBoolean(7, route.killSwitch());
      upsert.executeUpdate();
      notify.setString(1, CHANNEL);
      notify.setString(2, route.group().value());
      notify.execute();
      connection.commit();
    } catch (SQLException e) {
      throw PostgresException.sql(
          "publishing the route of group " + route.group() + " in " + database, e);
    }
  }

  /** Reads all routes on an open connection. */
  public static List<Route> read(Connection connection) throws SQLException {
    List<Route> routes = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                select group_name, version, phase, epoch, read_percentage, shadow_percentage, kill_switch
                from ficus.route order by group_name
                """)) {
      while (row.next()) {
        routes.add(
            new Route(
                new GroupName(row.getString(1)),
                row.getLong(2),
                Phase.valueOf(row.getString(3)),
                new Epoch(row.getLong(4)),
                row.getInt(5),
                row.getInt(6),
                row.getBoolean(7)));
      }
    }
    return routes;
  }

  /** Removes a group's route; its services then treat the group as shared. */
  public static void remove(Database database, GroupName group) {
    try (Connection connection = database.connect("route " + group);
        PreparedStatement delete =
            connection.prepareStatement("delete from ficus.route where group_name = ?")) {
      delete.setString(1, group.value());
      delete.executeUpdate();
    } catch (SQLException e) {
      throw PostgresException.sql("removing the route of group " + group + " from " + database, e);
    }
  }
}
