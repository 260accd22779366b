package dev.ficus.control.internal.doctor;

import java.sql.SQLException;

/** Streams need logical decoding, in the service databases too: the way back is a stream. */
final class WalLevel implements Check {

  @Override
  public String name() {
    return "wal-level";
  }

  @Override
  public void examine(Place place, Findings findings) throws SQLException {
    String level = place.setting("wal_level");
    if (!level.equals("logical")) {
      findings.stops(
          place.name(),
          "wal_level is " + level,
          "no stream can start here, so there is no copy out of it or no way back",
          "set wal_level = logical and restart the server");
    }
  }
}
