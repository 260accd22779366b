package dev.ficus.relay.internal.kafka;

import dev.ficus.core.Lsn;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTopic;
import dev.ficus.relay.internal.apply.Companion;
import dev.ficus.relay.internal.apply.StreamEnded;
import dev.ficus.relay.internal.ddl.ShapeRows;
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
 * So whoever moves the place names the version of the tables that it knows, and what was read with
 * another one is not committed.
 */
public final class TopicPlace implements Companion {

  private final Connection target;
  private final StreamRow stream;
  private final StreamTopic topic;
  private final String shapes;
  // Of transactions that were read and are not known to be applied.
  private final TreeMap<Lsn, long[]> offsets = new TreeMap<>();

  /**
   * @param target the connection that applies
   * @param shapes the {@linkplain ShapeRows#version version} of the tables that the reader knows
   */
  public TopicPlace(Connection target, StreamRow stream, StreamTopic topic, String shapes) {
    this.target = target;
    this.stream = stream;
    this.topic = topic;
    this.shapes = shapes;
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
              and ? = %s
            """
                .formatted(ShapeRows.versionOf("t.stream")))) {
      update.setArray(
          1, target.createArrayOf("bigint", Arrays.stream(next).boxed().toArray(Long[]::new)));
      update.setString(2, topic.name());
      update.setString(3, stream.name().value());
      update.setString(4, shapes);
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
              and ? = %s
            """
                .formatted(ShapeRows.versionOf("s.name")))) {
      select.setString(1, stream.name().value());
      select.setLong(2, stream.epoch().value());
      select.setString(3, topic.name());
      select.setString(4, shapes);
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
