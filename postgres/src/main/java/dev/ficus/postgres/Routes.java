package dev.ficus.postgres;

import dev.ficus.core.Epoch;
import dev.ficus.core.ErrorKind;
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
import java.util.Map;
import java.util.TreeMap;

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

  /**
   * What one database publishes.
   *
   * @param routes the routes
   * @param unreadable why a group's route makes no sense to this library, by the group's name, such
   *     as a phase that only a later version knows
   */
  record Published(List<Route> routes, Map<String, String> unreadable) {

    static final Published NOTHING = new Published(List.of(), Map.of());

    Published {
      routes = List.copyOf(routes);
      unreadable = Map.copyOf(unreadable);
    }
  }

  /**
   * Reads all routes on an open connection.
   *
   * @throws PostgresException if one of them makes no sense
   */
  public static List<Route> read(Connection connection) throws SQLException {
    Published published = published(connection);
    if (!published.unreadable().isEmpty()) {
      throw PostgresException.state(
          ErrorKind.NEEDS_PERSON,
          "routes that this version of Ficus cannot read: " + published.unreadable(),
          "use the version that published them");
    }
    return published.routes();
  }

  /** Reads all routes that make sense, and names the others. */
  static Published published(Connection connection) throws SQLException {
    List<Route> routes = new ArrayList<>();
    Map<String, String> unreadable = new TreeMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                select group_name, version, phase, epoch, read_percentage, shadow_percentage, kill_switch
                from ficus.route order by group_name
                """)) {
      while (row.next()) {
        try {
          routes.add(
              new Route(
                  new GroupName(row.getString(1)),
                  row.getLong(2),
                  Phase.valueOf(row.getString(3)),
                  new Epoch(row.getLong(4)),
                  row.getInt(5),
                  row.getInt(6),
                  row.getBoolean(7)));
        } catch (IllegalArgumentException e) {
          unreadable.put(row.getString(1), String.valueOf(e.getMessage()));
        }
      }
    }
    return new Published(routes, unreadable);
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
