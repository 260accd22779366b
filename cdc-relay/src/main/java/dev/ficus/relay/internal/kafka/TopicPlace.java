package dev.ficus.relay.internal.kafka;

import dev.ficus.core.Lsn;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTopic;
import dev.ficus.relay.internal.apply.Companion;
import dev.ficus.relay.internal.apply.StreamEnded;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.TreeMap;

/**
 * How far the topic is read, moved in the commit that moves the position (rule R3).
 *
 * <p>The race with a table that is altered:
 *
 * <ol>
 *   <li>a reader knows the tables as they were when it began, and hangs;
 *   <li>the change is accepted or carried out in the target, and records of the new shape are
 *       published;
 *   <li>the reader wakes and reads them as rows of the old shape, some of which fit.
 * </ol>
 *
 * So whoever moves the place names the newest change that it knows of, and what was read without
 * knowing a newer one is not committed.
 */
public final class TopicPlace implements Companion {

  private final Connection target;
  private final StreamRow stream;
  private final StreamTopic topic;
  private final Lsn shapedAt;
  // Of transactions that were read and are not known to be applied.
  private final TreeMap<Lsn, long[]> offsets = new TreeMap<>();

  /**
   * @param target the connection that applies
   * @param shapedAt the newest change of the source's tables that the reader knows of
   */
  public TopicPlace(Connection target, StreamRow stream, StreamTopic topic, Lsn shapedAt) {
    this.target = target;
    this.stream = stream;
    this.topic = topic;
    this.shapedAt = shapedAt;
  }

  /** The transaction that ends there has been read up to an offset in each partition. */
  void read(Lsn end, long[] nextOffsets) {
    offsets.put(end, nextOffsets);
  }

  @Override
  public Move to(Lsn end) {
    long[] next = offsets.get(end);
    if (next == null) {
      throw new IllegalStateException("no offsets are known of the commit at " + end);
    }
    offsets.headMap(end, false).clear();
    return () -> move(next);
  }

  private void move(long[] next) throws SQLException {
    try (PreparedStatement update =
        target.prepareStatement(
            """
            update ficus.stream_topic t set next_offsets = ? where topic = ? and stream = ? and not ended
              and not exists (select from ficus.stream_shape s where s.stream = t.stream and s.accepted > ?::pg_lsn)
            """)) {
      update.setArray(
          1, target.createArrayOf("bigint", Arrays.stream(next).boxed().toArray(Long[]::new)));
      update.setString(2, topic.name());
      update.setString(3, stream.name().value());
      update.setString(4, shapedAt.toString());
      if (update.executeUpdate() != 1) {
        throw ended();
      }
    }
  }

  /**
   * Verifies that the stream still reads this topic, and its tables are as the reader knows them:
   * for one to which nothing comes, or what it cannot read.
   *
   * @param connection another one than applies, which may hold a transaction open
   * @throws StreamEnded if it does not
   */
  public void verify(Connection connection) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select 1 from ficus.stream s join ficus.stream_topic t on t.stream = s.name and not t.ended
            where s.name = ? and s.epoch = ? and s.state = 'STREAMING' and t.topic = ?
              and not exists (select from ficus.stream_shape h where h.stream = s.name and h.accepted > ?::pg_lsn)
            """)) {
      select.setString(1, stream.name().value());
      select.setLong(2, stream.epoch().value());
      select.setString(3, topic.name());
      select.setString(4, shapedAt.toString());
      try (ResultSet row = select.executeQuery()) {
        if (!row.next()) {
          throw ended();
        }
      }
    }
  }

  private StreamEnded ended() {
    return new StreamEnded(
        "stream " + stream.name() + " may not apply from topic " + topic.name() + " any more");
  }
}
