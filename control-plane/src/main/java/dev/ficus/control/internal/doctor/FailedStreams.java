package dev.ficus.control.internal.doctor;

import dev.ficus.core.Via;
import dev.ficus.postgres.Slots;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.postgres.Streams;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Streams that wait for a person, and slots that are lost or about to be. */
final class FailedStreams implements Check {

  @Override
  public String name() {
    return "streams";
  }

  @Override
  public void examine(Whole whole, Findings findings) throws SQLException {
    Map<String, List<Slots.Slot>> slots = new HashMap<>();
    for (Place place : whole.places()) {
      slots.put(place.name(), Slots.list(place.connection()));
    }
    for (Place place : whole.places()) {
      if (!place.installed()) {
        continue;
      }
      for (StreamRow stream : Streams.list(place.connection())) {
        failed(place, stream, findings);
        slots.getOrDefault(stream.source(), List.of()).stream()
            .filter(slot -> slot.name().equals(stream.slot()))
            .forEach(slot -> slot(stream, slot, findings));
      }
    }
  }

  private static void failed(Place place, StreamRow stream, Findings findings) {
    if (stream.state() == StreamState.FAILED) {
      findings.stops(
          place.name(),
          "stream " + stream.name() + " has failed: " + stream.failure().orElse("no reason given"),
          stream.via() instanceof Via.Connect
              ? "it applies nothing any more, while its topics let go of what their retention ends"
              : "it applies nothing any more, and its slot holds back WAL",
          stream.advice().orElse("run \"ficus streams\""));
    }
  }

  private static void slot(StreamRow stream, Slots.Slot slot, Findings findings) {
    String where = stream.source();
    String which = "slot " + slot.name() + " of stream " + stream.name();
    if (slot.walStatus().equals("lost")) {
      findings.stops(
          where,
          which + " has lost WAL that it needs (wal_status lost)",
          "changes after " + stream.position() + " cannot be had any more",
          "raise max_slot_wal_keep_size, then go back to PROVISIONED with \"ficus rollback "
              + stream.group()
              + "\" and copy anew with \"ficus advance "
              + stream.group()
              + "\"");
    } else if (slot.walStatus().equals("unreserved")) {
      findings.costs(
          where,
          which + " is about to lose WAL (wal_status unreserved)",
          "the next checkpoint takes what it still needs",
          "let the stream catch up now: \"ficus streams\" shows what it waits for; raise max_slot_wal_keep_size");
    }
  }
}
