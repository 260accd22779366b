package dev.ficus.control.internal.doctor;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;

/** Lag is measured from the source's clock to the target's. */
final class Clocks implements Check {

  private static final Duration ALLOWED = Duration.ofSeconds(1);

  @Override
  public String name() {
    return "clocks";
  }

  @Override
  public void examine(Patient patient, Findings findings) throws SQLException {
    Instant before = now(patient.shared());
    Instant between = now(patient.service());
    Instant after = now(patient.shared());
    // The service's answer was given between the other two, whatever the network took.
    Duration off =
        between.isBefore(before)
            ? Duration.between(between, before)
            : between.isAfter(after) ? Duration.between(after, between) : Duration.ZERO;
    if (off.compareTo(ALLOWED) > 0) {
      findings.costs(
          patient.service().name(),
          "its clock differs from the shared database's by " + off.toSeconds() + " s",
          "lag is shown wrong by that much, and the gate max-lag judges by it",
          "synchronise the servers' clocks");
    }
  }

  private static Instant now(Place place) throws SQLException {
    return place.one(
        "select clock_timestamp()", row -> row.getObject(1, OffsetDateTime.class).toInstant());
  }
}
