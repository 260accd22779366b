package dev.ficus.control.internal.store;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.SqlErrors;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;

/**
 * The control store's parts, one per table.
 *
 * @param database the database that holds schema {@code ficus_control}
 * @param groups phases and routes
 * @param journal every command and what came of it
 * @param evidence what gates are decided on
 * @param reconciliations comparisons and their findings
 * @param flips write cutovers
 * @param releasedKeys foreign keys taken off for a flip
 * @param usage the counters of retired tables
 */
public record ControlStore(
    Database database,
    Groups groups,
    Journal journal,
    EvidenceStore evidence,
    Reconciliations reconciliations,
    Flips flips,
    ReleasedKeys releasedKeys,
    UsageReadings usage) {

  private static final String UNDEFINED_TABLE = "42P01";

  /** Creates or upgrades the schema and gives access to it. */
  public static ControlStore open(Database database) {
    try {
      Flyway.configure()
          .dataSource(
              database.address().url(),
              database.address().user(),
              database.address().password().reveal())
          .locations("classpath:dev/ficus/control/schema")
          .schemas("ficus_control")
          .defaultSchema("ficus_control")
          .load()
          .migrate();
    } catch (FlywayException e) {
      throw new FicusException(
          ErrorKind.ABORTED,
          "opening the control store in " + database + " failed: " + SqlErrors.reason(e),
          "check the address under control-store (or shared) in the manifest, and that its role may"
              + " create schemas",
          e);
    }
    return on(database);
  }

  /**
   * Gives access to the schema, upgraded where it is there, and creates none: without it, every
   * group is in {@code SHARED} and nothing has been measured.
   */
  public static ControlStore look(Database database) {
    try (Connection connection = database.connect("control store");
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select to_regclass('ficus_control.migration_group') is not null")) {
      row.next();
      return row.getBoolean(1) ? open(database) : on(database);
    } catch (SQLException e) {
      throw PostgresException.sql("looking for the control store in " + database, e);
    }
  }

  /** Whether a statement failed since the schema is not there. */
  static boolean isMissing(SQLException error) {
    return UNDEFINED_TABLE.equals(error.getSQLState());
  }

  /** The same, on connections that give up on a server that does not answer within the time. */
  public ControlStore answeringWithin(Duration limit) {
    return on(database.answeringWithin(limit));
  }

  private static ControlStore on(Database database) {
    return new ControlStore(
        database,
        new Groups(database),
        new Journal(database),
        new EvidenceStore(database),
        new Reconciliations(database),
        new Flips(database),
        new ReleasedKeys(database),
        new UsageReadings(database));
  }
}
