package dev.ficus.spring;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.ficus.core.FaultPoints;
import dev.ficus.core.GroupName;
import dev.ficus.core.Route;
import dev.ficus.core.ServiceName;
import dev.ficus.core.Side;
import dev.ficus.core.TableName;
import dev.ficus.dualwriter.DualWriter;
import dev.ficus.dualwriter.DualWriterSettings;
import dev.ficus.dualwriter.FencedWrites;
import dev.ficus.postgres.ConnectionSource;
import dev.ficus.postgres.RouteWatcher;
import dev.ficus.readrouter.ReadRouter;
import dev.ficus.readrouter.ReadRouterSettings;
import dev.ficus.readrouter.StreamProgress;
import java.lang.management.ManagementFactory;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Everything that runs in one service: its two databases, the watcher and each group's routing. */
final class ServiceRouting implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ServiceRouting.class);

  /** Enough for each key that a busy instance writes within the staleness bound. */
  private static final int REMEMBERED_KEYS = 10_000;

  private final DataSource shared;
  private final HikariDataSource target;
  private final RouteWatcher routes;
  private final StreamProgress progress;
  private final TableCheck tables;
  private final StrayTables strays;
  private final Map<GroupName, GroupRouting> groups = new TreeMap<>();

  /**
   * @param carrier brings a request's context to the thread that compares its reads
   */
  ServiceRouting(
      FicusProperties properties,
      DataSource shared,
      DeclaredContext context,
      UnaryOperator<Runnable> carrier) {
    sharedPool(shared)
        .ifPresent(
            pool ->
                PropertyCheck.elsewhere(
                    "ficus.target.url", properties.target().url(), pool.getJdbcUrl()));
    this.shared = shared;
    this.target = pool(properties.target());
    ServiceName service = new ServiceName(properties.service());
    ConnectionSource ownShared = dedicated(shared, service);
    ConnectionSource ownTarget =
        dedicated(
            properties.target().url(),
            properties.target().username(),
            properties.target().password(),
            service);
    Map<GroupName, FicusProperties.Group> configured = new TreeMap<>();
    properties.groups().forEach((name, group) -> configured.put(new GroupName(name), group));
    this.routes =
        new RouteWatcher(
            service,
            ManagementFactory.getRuntimeMXBean().getName()
                + "/"
                + UUID.randomUUID().toString().substring(0, 8),
            configured.keySet(),
            ownShared,
            ownTarget,
            properties.poll());
    routes.start(properties.startWait());
    LOG.info("service {}: {}", service, describe(routes));
    this.progress = new StreamProgress(routes, ownTarget);
    Map<GroupName, Set<TableName>> named = new TreeMap<>();
    configured.forEach(
        (name, group) ->
            named.put(
                name, group.tables().stream().map(TableName::parse).collect(Collectors.toSet())));
    this.tables = new TableCheck(named, ownTarget);
    tables.watch(routes);
    this.strays = new StrayTables(named, routes, ownTarget);
    configured.forEach(
        (name, group) -> groups.put(name, routing(name, group, properties, context, carrier)));
  }

  private static String describe(RouteWatcher routes) {
    return new TreeSet<>(routes.groups())
        .stream()
            .map(
                group -> {
                  Route route = routes.route(group);
                  Set<Side> publishers = routes.publishers(group);
                  return "group "
                      + group
                      + " is in phase "
                      + route.phase()
                      + (publishers.isEmpty()
                          ? " (no database tells a route)"
                          : " (epoch "
                              + route.epoch()
                              + ", route "
                              + route.version()
                              + ", told by "
                              + publishers
                              + ")");
                })
            .collect(Collectors.joining("; "));
  }

  private GroupRouting routing(
      GroupName name,
      FicusProperties.Group group,
      FicusProperties properties,
      DeclaredContext context,
      UnaryOperator<Runnable> carrier) {
    FicusProperties.DualWrite dual = properties.dualWrite();
    FicusProperties.Shadow shadow = properties.shadow();
    return new GroupRouting(
        new FencedWrites(
            name, routes, shared::getConnection, target::getConnection, properties.fenceWait()),
        new ReadRouter(
            name,
            routes,
            progress,
            shared::getConnection,
            new ReadRouterSettings(
                group.readYourWrites(),
                properties.staleness(),
                REMEMBERED_KEYS,
                shadow.threads(),
                shadow.queue(),
                shadow.attempts(),
                shadow.catchUp()),
            Clock.systemUTC(),
            carrier),
        new DualWriter(
            name,
            routes,
            target::getConnection,
            new DualWriterSettings(dual.threads(), dual.queue(), dual.patience(), dual.timeout()),
            FaultPoints.NONE),
        new RoutingKeys(Optional.ofNullable(group.routingKey()), context));
  }

  /** The application's own pool. */
  DataSource shared() {
    return shared;
  }

  /** The service database's pool. */
  DataSource target() {
    return target;
  }

  RouteWatcher routes() {
    return routes;
  }

  StrayTables strays() {
    return strays;
  }

  GroupRouting group(GroupName name) {
    GroupRouting routing = groups.get(name);
    if (routing == null) {
      throw new StarterException(
          "group " + name + " is declared in the code but not configured for this service",
          "add ficus.groups."
              + name
              + " or correct the annotation; configured: "
              + groups.keySet());
    }
    return routing;
  }

  @Override
  public void close() {
    groups.values().forEach(group -> group.reads().close());
    groups.values().forEach(group -> group.dualWriter().close());
    progress.close();
    routes.close();
    tables.close();
    strays.close();
    target.close();
  }

  private static HikariDataSource pool(FicusProperties.Target target) {
    HikariConfig config = new HikariConfig();
    config.setPoolName("ficus-target");
    config.setJdbcUrl(target.url());
    config.setUsername(target.username());
    config.setPassword(target.password());
    config.setMaximumPoolSize(target.maximumPoolSize());
    config.setConnectionTimeout(target.connectionTimeout().toMillis());
    // A server that stands still would hold its readers for ever; they turn to the write side. A
    // parameter in the URL goes before these.
    config.addDataSourceProperty("socketTimeout", seconds(target.socketTimeout()));
    config.addDataSourceProperty("tcpKeepAlive", "true");
    config.addDataSourceProperty("logServerErrorDetail", "false");
    // The database may not exist yet, and a service must start and run while it is down.
    config.setInitializationFailTimeout(-1);
    config.setMinimumIdle(0);
    return new HikariDataSource(config);
  }

  /** The driver counts in seconds; zero is none at all. */
  private static String seconds(Duration timeout) {
    return Long.toString(timeout.plusMillis(999).toSeconds());
  }

  /** The application's pool, where it is one that says where it connects to. */
  private static Optional<HikariDataSource> sharedPool(DataSource shared) {
    try {
      return shared.isWrapperFor(HikariDataSource.class)
          ? Optional.of(shared.unwrap(HikariDataSource.class))
              .filter(pool -> pool.getJdbcUrl() != null)
          : Optional.empty();
    } catch (SQLException e) {
      throw new IllegalStateException("a data source that wraps a pool does not give it out", e);
    }
  }

  /**
   * Connections that stay open must not come out of the application's pool, where that is known.
   */
  private static ConnectionSource dedicated(DataSource shared, ServiceName service) {
    return sharedPool(shared)
        .map(
            pool ->
                dedicated(
                    pool.getJdbcUrl(),
                    Objects.requireNonNullElse(pool.getUsername(), ""),
                    Objects.requireNonNullElse(pool.getPassword(), ""),
                    service))
        .orElse(shared::getConnection);
  }

  private static ConnectionSource dedicated(
      String url, String user, String password, ServiceName service) {
    Properties properties = new Properties();
    if (!user.isEmpty()) {
      properties.setProperty("user", user);
      properties.setProperty("password", password);
    }
    properties.setProperty("ApplicationName", "ficus service " + service);
    properties.setProperty("connectTimeout", "5");
    properties.setProperty("socketTimeout", "10");
    properties.setProperty("tcpKeepAlive", "true");
    return () -> DriverManager.getConnection(url, properties);
  }
}
