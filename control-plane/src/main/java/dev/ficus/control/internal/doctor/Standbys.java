package dev.ficus.control.internal.doctor;

import dev.ficus.postgres.Slots;
import java.sql.SQLException;

/** What becomes of streams when a standby of their source takes over. */
final class Standbys implements Check {

  @Override
  public String name() {
    return "standbys";
  }

  @Override
  public void examine(Place place, Findings findings) throws SQLException {
    int standbys =
        place.one(
            """
            select count(*) from pg_stat_replication r
            where not exists (select from pg_replication_slots s where s.active_pid = r.pid and s.slot_type = 'logical')
            """,
            row -> row.getInt(1));
    if (standbys == 0) {
      return;
    }
    if (!Slots.canFailOver(place.connection().getMetaData().getDatabaseMajorVersion())) {
      findings.note(
          place.name(),
          "it has physical standbys (" + standbys + " connected), and slots that they do not keep",
          "before PostgreSQL 17 a slot is gone after a fail-over, and its stream needs a new copy",
          "nothing, or upgrade the server first");
    } else if (place.setting("synchronized_standby_slots").isEmpty()) {
      findings.note(
          place.name(),
          "it has physical standbys ("
              + standbys
              + " connected), and synchronized_standby_slots is not set",
          "a stream can get ahead of a standby that then takes over: it stops there, and needs a new copy",
          "name the standbys' slots in synchronized_standby_slots, and set sync_replication_slots in the standbys");
    }
  }
}
