package dev.ficus.reconciler;

import dev.ficus.core.Lsn;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Marker;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.Streams;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Tells rows that really differ from rows that are on their way (rule R17).
 *
 * <p>One round: read the source's rows; write a marker into the source; wait until the stream has
 * applied past it; read the target's rows; read the source's rows again. Then, for each row:
 *
 * <ol>
 *   <li>The target has one of the two states read: it agrees.
 *   <li>The source's row has the same version (xmin) in both reads: it was not touched in between,
 *       so the target, past the marker, must have it. It has not: a mismatch.
 *   <li>The source has no such row in both reads: it may have been inserted and deleted in between,
 *       and the target may have been caught in the middle. So the target's version is remembered.
 *       If a later round finds the source without it and the target with that very version, the
 *       target kept it past a marker that was written after the source had none: a mismatch. Had
 *       the stream a deletion to apply, that version would be gone.
 *   <li>Anything else is still changing and goes into another round.
 * </ol>
 */
final class Confirmation implements AutoCloseable {

  private static final Duration LONGEST_PAUSE = Duration.ofMillis(200);

  private final SideReader source;
  private final SideReader target;
  private final Streams streams;
  private final StreamName stream;
  private final ReconcilerSettings settings;
  private final Connection markers;

  Confirmation(
      Database sourceDatabase,
      SideReader source,
      SideReader target,
      Streams streams,
      StreamName stream,
      ReconcilerSettings settings) {
    this.source = source;
    this.target = target;
    this.streams = streams;
    this.stream = stream;
    this.settings = settings;
    this.markers = sourceDatabase.connect("reconciler marker");
  }

  /**
   * What became of suspects.
   *
   * @param mismatches the rows proved to differ
   * @param unresolved how many kept changing through all tries
   */
  record Verdict(Map<String, Finding.Kind> mismatches, int unresolved) {}

  Verdict confirm(Set<Key> suspects) throws SQLException {
    Map<String, Finding.Kind> mismatches = new TreeMap<>();
    Map<Key, RowState> extras = new HashMap<>();
    List<Key> open = new ArrayList<>(suspects);
    for (int round = 0; round < settings.tries() && !open.isEmpty(); round++) {
      if (round > 2) {
        pause(round);
      }
      open = round(open, extras, mismatches);
    }
    return new Verdict(mismatches, open.size());
  }

  private List<Key> round(
      List<Key> open, Map<Key, RowState> extras, Map<String, Finding.Kind> mismatches)
      throws SQLException {
    Map<Key, RowState> before = source.rows(open);
    Lsn marker = Marker.write(markers);
    streams.awaitPosition(stream, marker, settings.catchUp());
    Map<Key, RowState> there = target.rows(open);
    Map<Key, RowState> after = source.rows(open);
    List<Key> changing = new ArrayList<>();
    for (Key key : open) {
      RowState first = before.get(key);
      RowState held = there.get(key);
      RowState second = after.get(key);
      if (agrees(first, held) || agrees(second, held)) {
        continue;
      }
      if (first != null && second != null && first.sameVersion(second)) {
        mismatches.put(
            first.shownKey(), held == null ? Finding.Kind.MISSING : Finding.Kind.DIFFERENT);
      } else if (first == null && second == null && held != null) {
        RowState earlier = extras.put(key, held);
        if (earlier != null && earlier.sameVersion(held)) {
          mismatches.put(held.shownKey(), Finding.Kind.EXTRA);
        } else {
          changing.add(key);
        }
      } else {
        extras.remove(key);
        changing.add(key);
      }
    }
    return changing;
  }

  private static boolean agrees(@Nullable RowState source, @Nullable RowState target) {
    return source == null ? target == null : target != null && source.sameValues(target);
  }

  /** A row that changes in bursts gets a chance to be seen between two of them. */
  private static void pause(int round) {
    LockSupport.parkNanos(Math.min(LONGEST_PAUSE.toNanos(), round * 5_000_000L));
  }

  @Override
  public void close() throws SQLException {
    markers.close();
  }
}
