package dev.ficus.postgres;

import java.util.List;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;

/** Creates and upgrades schema {@code ficus} inside a shared or service database. */
public final class FicusSchema {

  private static final String LOCATION = "dev/ficus/postgres/schema";

  private FicusSchema() {}

  private static Flyway flyway(Database database) {
    return Flyway.configure()
        .dataSource(
            database.address().url(),
            database.address().user(),
            database.address().password().reveal())
        .locations("classpath:" + LOCATION)
        .schemas("ficus")
        .defaultSchema("ficus")
        // All in one transaction: a relay that looks meanwhile sees no schema of a version between.
        // So none may need to run outside of one.
        .group(true)
        .load();
  }

  /** What {@link #install} would run, in one line, for a dry run. */
  public static List<String> installSql(Database database) {
    try {
      MigrationInfo[] pending = flyway(database).info().pending();
      return pending.length == 0
          ? List.of()
          : List.of(
              "-- "
                  + pending.length
                  + " migrations up to version "
                  + pending[pending.length - 1].getVersion()
                  + ", as Ficus brings them in "
                  + LOCATION);
    } catch (FlywayException e) {
      throw PostgresException.state(
          dev.ficus.core.ErrorKind.ABORTED,
          "reading the version of schema ficus in " + database + " failed: " + SqlErrors.reason(e),
          "check the address in the manifest, then try again");
    }
  }

  /**
   * Brings the schema to this version of Ficus; does nothing where it is there already.
   *
   * @throws PostgresException if a migration fails; all of them are rolled back
   */
  public static void install(Database database) {
    try {
      flyway(database).migrate();
    } catch (FlywayException e) {
      throw PostgresException.state(
          dev.ficus.core.ErrorKind.ABORTED,
          "installing schema ficus in " + database + " failed: " + SqlErrors.reason(e),
          "give the role the right to create schemas and functions there, then try again");
    }
  }
}
