package dev.ficus.postgres;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;

/**
 * How far a stream's copy is.
 *
 * @param beganAt when it began, by the target's clock
 * @param bytesEstimated the tables' bytes on the source's disk
 * @param bytesCopied those that finished chunks stand for
 * @param rowsPerSecond the rate of the last seconds; empty before it can be known
 * @param bytesPerSecond how fast {@code bytesCopied} grows; empty before it can be known
 * @param indexes indexes to be built after the rows
 * @param indexesBuilt those that have been built
 * @param paused why the copy waits; empty while it runs
 */
public record CopyProgress(
    Instant beganAt,
    long bytesEstimated,
    long bytesCopied,
    Optional<Long> rowsPerSecond,
    Optional<Long> bytesPerSecond,
    int indexes,
    int indexesBuilt,
    Optional<String> paused) {

  /** How long the rows will take yet; empty where that is unknown, and once all are copied. */
  public Optional<Duration> left() {
    if (paused.isPresent() || bytesCopied >= bytesEstimated) {
      return Optional.empty();
    }
    return bytesPerSecond
        .filter(rate -> rate > 0)
        .map(rate -> Duration.ofSeconds(Math.max(1, (bytesEstimated - bytesCopied) / rate)));
  }

  /** True while rows are copied; afterwards indexes are built. */
  public boolean copiesRows() {
    return bytesCopied < bytesEstimated;
  }

  /** The progress columns of a stream's row. */
  static Optional<CopyProgress> of(ResultSet row) throws SQLException {
    OffsetDateTime beganAt = row.getObject("began_at", OffsetDateTime.class);
    if (beganAt == null) {
      return Optional.empty();
    }
    return Optional.of(
        new CopyProgress(
            beganAt.toInstant(),
            row.getLong("bytes_estimated"),
            row.getLong("bytes_copied"),
            Optional.ofNullable(row.getObject("rows_per_second", Long.class)),
            Optional.ofNullable(row.getObject("bytes_per_second", Long.class)),
            row.getInt("indexes"),
            row.getInt("indexes_built"),
            Optional.ofNullable(row.getString("paused"))));
  }
}
