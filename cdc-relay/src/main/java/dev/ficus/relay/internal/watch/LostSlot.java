package dev.ficus.relay.internal.watch;

import dev.ficus.postgres.Database;
import dev.ficus.postgres.StreamRow;

/** What is told of a stream whose slot no longer has what it needs. */
public final class LostSlot {

  private LostSlot() {}

  /** The server gave up WAL that the slot needs. */
  public static StreamFailure lost(StreamRow stream, Database source) {
    return new StreamFailure(
        "slot "
            + stream.slot()
            + " of "
            + source
            + " has lost WAL that it needs (wal_status lost): changes after "
            + stream.position()
            + " cannot be had any more",
        "raise max_slot_wal_keep_size in " + source.name() + ", then " + WayOut.of(stream));
  }

  /** Ficus gave the slot up, since its budget says so. */
  static StreamFailure dropped(StreamRow stream, Database source, long retained, long bound) {
    return new StreamFailure(
        "slot "
            + stream.slot()
            + " of "
            + source
            + " held back "
            + retained
            + " bytes of WAL and was dropped, as wal-budget.drop ("
            + bound
            + " bytes) in the manifest asks: changes after "
            + stream.position()
            + " cannot be had any more",
        "find out why the stream fell behind (\"ficus streams\" shows its retries), then "
            + WayOut.of(stream));
  }

  /** Whether a failure is one of these two. */
  static boolean tells(String failure) {
    return failure.contains("wal_status lost") || failure.contains("wal-budget.drop");
  }
}
