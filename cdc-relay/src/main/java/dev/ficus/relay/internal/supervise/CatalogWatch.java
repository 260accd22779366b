package dev.ficus.relay.internal.supervise;

import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Marker;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTable;
import dev.ficus.relay.internal.ddl.CatalogDifference;
import dev.ficus.relay.internal.ddl.DdlStopped;
import dev.ficus.relay.internal.ddl.DdlWatch;
import dev.ficus.relay.internal.ddl.SourceShape;
import dev.ficus.relay.internal.ddl.Stop;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Looks now and then whether the source's catalog still has the tables that the stream carries: DDL
 * that no notice told of and no row has shown, such as a table that was taken out of the
 * publication.
 *
 * <p>The catalog may merely be ahead of the stream. So what it shows counts only once the stream
 * has applied past a marker that was written after the look: everything that could have told of the
 * change has been read by then.
 */
final class CatalogWatch {

  private static final Duration INTERVAL = Duration.ofSeconds(1);

  private final StreamRow stream;
  private final DdlWatch ddl;
  private final Connection source;
  private Map<TableName, Stop> seen = Map.of();
  private Lsn marker = Lsn.ZERO;
  private long lookedAt = System.nanoTime();

  /**
   * @param source a connection in auto-commit mode
   */
  CatalogWatch(StreamRow stream, DdlWatch ddl, Connection source) {
    this.stream = stream;
    this.ddl = ddl;
    this.source = source;
  }

  /**
   * Looks, unless it did a moment ago.
   *
   * @param position how far the stream is
   * @throws DdlStopped for a difference that the stream has passed without being told of it
   */
  void look(Lsn position) throws SQLException {
    if (System.nanoTime() - lookedAt < INTERVAL.toNanos()
        || (!seen.isEmpty() && !position.hasReached(marker))) {
      return;
    }
    lookedAt = System.nanoTime();
    Map<TableName, Stop> now = differences(position);
    List<Stop> stayed = new ArrayList<>();
    now.forEach(
        (table, stop) -> {
          Stop before = seen.get(table);
          if (before != null && before.change().equals(stop.change())) {
            stayed.add(stop);
          }
        });
    if (!stayed.isEmpty()) {
      throw new DdlStopped(stream, stayed);
    }
    seen = now;
    if (!now.isEmpty()) {
      marker = Marker.write(source);
    }
  }

  private Map<TableName, Stop> differences(Lsn position) throws SQLException {
    Map<TableName, Stop> differences = new TreeMap<>();
    for (StreamTable table : stream.tables()) {
      Optional<SourceShape> carried = ddl.shape(table.source());
      if (carried.isPresent()) {
        CatalogDifference.of(
                source,
                stream,
                // With the columns that it has been given since this run began.
                ddl.carries(table.source()).orElse(table),
                carried.get(),
                position)
            .ifPresent(stop -> differences.put(table.source(), stop));
      }
    }
    return differences;
  }
}
