package dev.ficus.control.internal.doctor;

import java.sql.SQLException;

/** Each stream takes a slot and a WAL sender of its source; a flip holds two at once. */
final class FreeSlots implements Check {

  private record Free(int slots, int ofSlots, int senders, int ofSenders) {}

  @Override
  public String name() {
    return "slots";
  }

  @Override
  public void examine(Place place, Findings findings) throws SQLException {
    Free free =
        place.one(
            """
            select current_setting('max_replication_slots')::int - (select count(*) from pg_replication_slots)::int,
              current_setting('max_replication_slots')::int,
              current_setting('max_wal_senders')::int - (select count(*) from pg_stat_replication)::int,
              current_setting('max_wal_senders')::int
            """,
            row -> new Free(row.getInt(1), row.getInt(2), row.getInt(3), row.getInt(4)));
    tell(
        place,
        findings,
        free.slots(),
        free.ofSlots(),
        "replication slots",
        "max_replication_slots");
    tell(place, findings, free.senders(), free.ofSenders(), "WAL senders", "max_wal_senders");
  }

  private static void tell(
      Place place, Findings findings, int free, int of, String what, String setting) {
    if (free < 1) {
      findings.stops(
          place.name(),
          "all " + of + " " + what + " are taken",
          "the next stream cannot start",
          "raise " + setting + " and restart the server, or end what no longer needs one");
    } else if (free < 2) {
      findings.costs(
          place.name(),
          "one of " + of + " " + what + " is free",
          "a second stream, such as one for reference copies, cannot start",
          "raise " + setting + " and restart the server");
    }
  }
}
