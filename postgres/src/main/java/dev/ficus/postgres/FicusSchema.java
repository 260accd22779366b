package dev.ficus.postgres;

import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;

/** Creates and upgrades schema {@code ficus} inside a shared or service database. */
public final class FicusSchema {

  private FicusSchema() {}

  /**
   * Brings the schema to this version of Ficus; does nothing where it is there already.
   *
   * @throws PostgresException if a migration fails; Flyway rolls it back
   */
  public static void install(Database database) {
    try {
      Flyway.configure()
          .dataSource(
              database.address().url(),
              database.address().user(),
              database.address().password().reveal())
          .locations("classpath:dev/ficus/postgres/schema")
          .schemas("ficus")
          .defaultSchema("ficus")
          .load()
          .migrate();
    } catch (FlywayException e) {
      throw PostgresException.state(
          dev.ficus.core.ErrorKind.ABORTED,
          "installing schema ficus in " + database + " failed: " + e.getMessage(),
          "give the role the right to create schemas and functions there, then try again");
    }
  }
}
