package dev.ficus.relay.internal.backfill;

import dev.ficus.postgres.StreamName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How far a copy is. Workers add to it; one thread shows it, on a connection whose transactions end
 * at once: the copy's own are not visible before they commit.
 */
final class Progress {

  private static final Duration INTERVAL = Duration.ofMillis(250);
  private static final Duration WINDOW = Duration.ofSeconds(10);

  /** A rate over less than this says nothing. */
  private static final Duration SHORTEST = Duration.ofSeconds(2);

  private record Sample(long at, long rows, long bytes) {}

  private final StreamName stream;
  private final CopyRow row;
  private final long bytesEstimated;
  private final AtomicLong rows = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicInteger indexesBuilt = new AtomicInteger();
  private final Deque<Sample> samples = new ArrayDeque<>();
  private long shownAt = System.nanoTime();

  Progress(StreamName stream, CopyRow row, long bytesEstimated) {
    this.stream = stream;
    this.row = row;
    this.bytesEstimated = bytesEstimated;
    samples.add(new Sample(shownAt, 0, 0));
  }

  /** Notes the beginning; earlier copies of the stream are forgotten. */
  void begin(Connection target, int indexes) throws SQLException {
    try (PreparedStatement upsert =
        target.prepareStatement(
            """
            insert into ficus.copy_progress (stream, bytes_estimated, indexes) values (?, ?, ?)
            on conflict (stream) do update set began_at = clock_timestamp(), bytes_estimated = excluded.bytes_estimated,
              bytes_copied = 0, rows_per_second = null, bytes_per_second = null, indexes = excluded.indexes, indexes_built = 0,
              paused = null, changed_at = clock_timestamp()
            """)) {
      upsert.setString(1, stream.value());
      upsert.setLong(2, bytesEstimated);
      upsert.setInt(3, indexes);
      upsert.executeUpdate();
    }
  }

  /** Rows have been sent; fewer than none where an attempt at a chunk failed. */
  void rows(long more) {
    rows.addAndGet(more);
  }

  void chunkCopied(Chunk chunk) {
    bytes.addAndGet(chunk.bytes());
  }

  void indexBuilt() {
    indexesBuilt.incrementAndGet();
  }

  long copiedRows() {
    return rows.get();
  }

  /** Shows it, unless that was done a moment ago. */
  void show(Connection target, Optional<String> paused) throws SQLException {
    if (System.nanoTime() - shownAt >= INTERVAL.toNanos()) {
      showNow(target, paused);
    }
  }

  void showNow(Connection target, Optional<String> paused) throws SQLException {
    shownAt = System.nanoTime();
    Sample now = new Sample(shownAt, rows.get(), bytes.get());
    samples.add(now);
    while (now.at - samples.getFirst().at > WINDOW.toNanos()) {
      samples.removeFirst();
    }
    row.copied(target, now.rows);
    try (PreparedStatement update =
        target.prepareStatement(
            """
            update ficus.copy_progress set bytes_copied = ?, rows_per_second = ?, bytes_per_second = ?, indexes_built = ?, paused = ?,
              changed_at = clock_timestamp()
            where stream = ?
            """)) {
      Sample first = samples.getFirst();
      double seconds = (now.at - first.at) / 1e9;
      boolean known = seconds >= SHORTEST.toSeconds();
      update.setLong(1, now.bytes);
      setRate(update, 2, known, (now.rows - first.rows) / seconds);
      setRate(update, 3, known && now.bytes > first.bytes, (now.bytes - first.bytes) / seconds);
      update.setInt(4, indexesBuilt.get());
      update.setString(5, paused.orElse(null));
      update.setString(6, stream.value());
      update.executeUpdate();
    }
  }

  private static void setRate(PreparedStatement update, int index, boolean known, double rate)
      throws SQLException {
    if (known) {
      update.setLong(index, Math.max(0, Math.round(rate)));
    } else {
      update.setNull(index, Types.BIGINT);
    }
  }
}
