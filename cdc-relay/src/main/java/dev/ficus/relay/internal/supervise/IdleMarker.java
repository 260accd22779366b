package dev.ficus.relay.internal.supervise;

import dev.ficus.postgres.Marker;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/**
 * Writes a marker into a source of which nothing comes.
 *
 * <p>A slot lets go of WAL only when something arrives on it; a source that writes other tables
 * alone would fill its disk. And the position of a stream that runs moves: without that, nobody
 * could tell an idle source from one that hangs.
 */
final class IdleMarker {

  private final Connection source;
  private final long idle;
  private long markedAt = System.nanoTime();

  IdleMarker(Connection source, Duration idle) {
    this.source = source;
    this.idle = idle.toNanos();
  }

  /**
   * Writes one, if it is time.
   *
   * @param progressedAt when something came last, in {@link System#nanoTime()}
   */
  void writeIfIdle(long progressedAt) throws SQLException {
    long now = System.nanoTime();
    if (now - progressedAt >= idle && now - markedAt >= idle) {
      Marker.write(source);
      markedAt = now;
    }
  }
}
