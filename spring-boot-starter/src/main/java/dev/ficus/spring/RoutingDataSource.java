package dev.ficus.spring;

import dev.ficus.core.Side;
import dev.ficus.postgres.ObservedConnection;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.springframework.jdbc.datasource.AbstractDataSource;

/** Gives each declared transaction a connection to its side, and others what is configured. */
final class RoutingDataSource extends AbstractDataSource {

  private final ServiceRouting routing;
  private final DeclaredContext context;
  private final Undeclared undeclared;
  private volatile boolean started;

  RoutingDataSource(ServiceRouting routing, DeclaredContext context, Undeclared undeclared) {
    this.routing = routing;
    this.context = context;
    this.undeclared = undeclared;
  }

  /** From now on undeclared connections are refused, where that is configured. */
  void started() {
    started = true;
  }

  @Override
  public Connection getConnection() throws SQLException {
    Optional<Declared> declared = context.current();
    if (declared.isEmpty()) {
      Optional<Side> side = undeclaredSide();
      return ObservedConnection.of(
          open(side.orElse(Side.SHARED)),
          new UndeclaredConnection(
              context, undeclared, side.isPresent() ? Optional.empty() : Optional.of(refusal())));
    }
    Declared now = declared.get();
    GroupRouting group = routing.group(now.group());
    Connection bare = open(now.side());
    if (!now.writes()) {
      beReadOnly(bare);
    }
    Connection inner =
        now.writes() && now.side() == Side.SHARED
            ? group.dualWriter().wrap(bare, freshness -> group.reads().wrote(now.key(), freshness))
            : bare;
    return ObservedConnection.of(inner, new DeclaredConnection(context, now, routing.strays()));
  }

  /** The server refuses a write in a declared read, whatever the framework makes of readOnly. */
  private static void beReadOnly(Connection bare) throws SQLException {
    try {
      bare.setReadOnly(true);
    } catch (SQLException e) {
      try {
        bare.close();
      } catch (SQLException closing) {
        e.addSuppressed(closing);
      }
      throw e;
    }
  }

  @Override
  public Connection getConnection(String username, String password) {
    throw new StarterException(
        "a connection for another user cannot be routed",
        "connect as the configured user, or use a data source of your own");
  }

  private Connection open(Side side) throws SQLException {
    return (side == Side.SHARED ? routing.shared() : routing.target()).getConnection();
  }

  /** Where statements outside declared transactions run; empty where they are refused. */
  private Optional<Side> undeclaredSide() {
    return switch (undeclared) {
      case SHARED -> Optional.of(Side.SHARED);
      case SERVICE -> Optional.of(Side.SERVICE);
      case WRITE_SIDE -> commonWriteSide();
      // Frameworks look at the database before the service does its own work.
      case REFUSE -> started ? Optional.empty() : Optional.of(Side.SHARED);
    };
  }

  private Optional<Side> commonWriteSide() {
    Set<Side> sides =
        routing.routes().groups().stream()
            .map(group -> routing.routes().route(group).writeSide())
            .collect(Collectors.toSet());
    return sides.size() == 1 ? sides.stream().findFirst() : Optional.empty();
  }

  private String refusal() {
    return undeclared == Undeclared.REFUSE
        ? "refuse"
        : "write-side, and the service's groups are not all written on the same side";
  }
}
