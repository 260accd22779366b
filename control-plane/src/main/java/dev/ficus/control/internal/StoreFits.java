package dev.ficus.control.internal;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.SqlErrors;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Refuses to work on a group by a control store or a manifest that is not the one it was brought
 * here with.
 *
 * <p>The store's word decides what the next step is. One that is empty, of another migration, or
 * restored from an older backup would begin the group anew: it would empty tables that services
 * write. Routes and fences are only ever written after the store, so what a database has must never
 * be ahead of it.
 */
public final class StoreFits {

  private StoreFits() {}

  /**
   * @throws FicusException saying what differs
   */
  public static void require(Work work) {
    requireTables(work);
    for (Side side : Side.values()) {
      requireNotBehind(work, work.answeringWithin(work.settings().flipBudget()).side(side));
    }
  }

  private static void requireTables(Work work) {
    if (work.row().phase() == Phase.SHARED) {
      return;
    }
    Set<TableName> before = new TreeSet<>(work.store().groups().tables(work.name()));
    Set<TableName> now = new TreeSet<>(work.tables());
    if (!before.equals(now)) {
      throw new FicusException(
          ErrorKind.USAGE,
          "the manifest says that group "
              + work.name()
              + " has tables "
              + now
              + ", but it was provisioned with "
              + before,
          "put the list back as it was; what is to be added or left out needs a group of its own, or a"
              + " rollback to SHARED first");
    }
  }

  private static void requireNotBehind(Work work, Database database) {
    try (Connection connection = database.connect("state of " + work.name())) {
      Optional<String> ahead = ahead(work, connection);
      if (ahead.isPresent()) {
        throw new FicusException(
            ErrorKind.NEEDS_PERSON,
            "the control store in "
                + work.store().database()
                + " has group "
                + work.name()
                + " in "
                + work.row().phase()
                + " at route version "
                + work.row().routeVersion()
                + " and epoch "
                + work.row().epoch()
                + ", but "
                + database
                + " is further: "
                + ahead.get(),
            "name the control store that the migration runs with under control-store in the manifest;"
                + " if it was restored from a backup, it has to be brought up to what the databases say"
                + " before anything else");
      }
    } catch (PostgresException e) {
      // A side that is down must not keep anybody from the other one.
      if (!SqlErrors.isConnectionLost(e)) {
        throw e;
      }
    } catch (SQLException e) {
      throw PostgresException.sql(
          "reading the state of group " + work.name() + " in " + database, e);
    }
  }

  private static Optional<String> ahead(Work work, Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet installed =
            statement.executeQuery("select to_regclass('ficus.route') is not null")) {
      installed.next();
      if (!installed.getBoolean(1)) {
        return Optional.empty();
      }
    }
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select coalesce(r.version, 0), r.phase, greatest(r.epoch, f.epoch, 0) from (select ?::text as name) g
            left join ficus.route r on r.group_name = g.name left join ficus.fence f on f.group_name = g.name
            """)) {
      select.setString(1, work.name().value());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        long version = row.getLong(1);
        String phase = row.getString(2);
        long epoch = row.getLong(3);
        boolean further = version > work.row().routeVersion() || epoch > work.row().epoch().value();
        return further
            ? Optional.of(
                "route version "
                    + version
                    + (phase == null ? "" : ", " + phase)
                    + ", epoch "
                    + epoch)
            : Optional.empty();
      }
    }
  }
}
