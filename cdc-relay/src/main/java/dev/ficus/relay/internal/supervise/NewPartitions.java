package dev.ficus.relay.internal.supervise;

import dev.ficus.core.Direction;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.SqlErrors;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTable;
import dev.ficus.relay.internal.ddl.DdlWatch;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Completes the fence of a stream's source on partitions that came since it was installed: a
 * TRUNCATE of one of them by itself is told of by the fence's trigger alone.
 */
final class NewPartitions {

  private static final Logger log = LoggerFactory.getLogger(NewPartitions.class);
  private static final Duration INTERVAL = Duration.ofSeconds(1);
  // Writers of the new partition queue behind the wait.
  private static final Duration LOCK_TIMEOUT = Duration.ofMillis(200);

  private final StreamRow stream;
  private final DdlWatch ddl;
  private final Database source;
  private long lookedAt = System.nanoTime() - INTERVAL.toNanos();
  private long guarded = -1;

  NewPartitions(StreamRow stream, DdlWatch ddl, Database source) {
    this.stream = stream;
    this.ddl = ddl;
    this.source = source;
  }

  /** Looks when the stream begins and when partitions have come, unless it did a moment ago. */
  void guard() {
    long came = ddl.partitionsCame();
    if (came == guarded
        || stream.direction() == Direction.REFERENCE
        || System.nanoTime() - lookedAt < INTERVAL.toNanos()) {
      return;
    }
    lookedAt = System.nanoTime();
    List<TableName> tables = stream.tables().stream().map(StreamTable::source).toList();
    try {
      new Fence(source, stream.group()).installOnNewPartitions(tables, LOCK_TIMEOUT);
      guarded = came;
    } catch (PostgresException e) {
      if (!SqlErrors.has(e, SqlErrors.LOCK_NOT_AVAILABLE)) {
        // Without the privilege it would not succeed next time either.
        guarded = SqlErrors.has(e, SqlErrors.INSUFFICIENT_PRIVILEGE) ? came : guarded;
        log.warn(
            "stream {}: a TRUNCATE of a new partition by itself would not be noticed before the next flip",
            stream.name(),
            e);
      }
    }
  }
}
