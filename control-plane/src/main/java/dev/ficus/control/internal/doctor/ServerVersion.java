package dev.ficus.control.internal.doctor;

import java.sql.SQLException;

/** Versions that Ficus is tested with. */
final class ServerVersion implements Check {

  private static final int OLDEST = 14;
  private static final int NEWEST = 18;

  @Override
  public String name() {
    return "version";
  }

  @Override
  public void examine(Place place, Findings findings) throws SQLException {
    int major = place.connection().getMetaData().getDatabaseMajorVersion();
    if (major < OLDEST) {
      findings.stops(
          place.name(),
          "the server is PostgreSQL " + major,
          "Ficus needs what came with PostgreSQL " + OLDEST,
          "upgrade the server");
    } else if (major > NEWEST) {
      findings.note(
          place.name(),
          "the server is PostgreSQL " + major,
          "Ficus is tested up to PostgreSQL " + NEWEST,
          "try the migration with a copy first");
    }
  }
}
