package dev.ficus.relay.internal.connect;

import dev.ficus.core.Lsn;
import dev.ficus.postgres.StreamRow;
import dev.ficus.relay.internal.apply.Companion;
import dev.ficus.relay.internal.apply.StreamEnded;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;

/**
 * How far the connector's topics are read, moved in the commit that moves the position (rule R3).
 */
public final class ConnectPlace implements Companion {

  private final Connection target;
  private final StreamRow stream;
  private final Map<String, String> topicIds = new HashMap<>();
  private final Map<TopicPartition, Long> written = new HashMap<>();
  // Of transactions that were read and are not known to be applied.
  private final TreeMap<Lsn, Map<TopicPartition, Long>> offsets = new TreeMap<>();

  private ConnectPlace(Connection target, StreamRow stream) {
    this.target = target;
    this.stream = stream;
  }

  /**
   * Where a stream goes on.
   *
   * @param target the connection that applies
   */
  public static ConnectPlace read(Connection target, StreamRow stream) throws SQLException {
    ConnectPlace place = new ConnectPlace(target, stream);
    try (PreparedStatement select =
        target.prepareStatement(
            "select topic, partition, topic_id, next_offset from ficus.connect_offset where stream = ?")) {
      select.setString(1, stream.name().value());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          place.topicIds.put(row.getString(1), row.getString(3));
          place.written.put(new TopicPartition(row.getString(1), row.getInt(2)), row.getLong(4));
        }
      }
    }
    return place;
  }

  /** Notes where a stream begins, in place of where an earlier one of its name was. */
  static void begin(
      Connection target,
      StreamRow stream,
      Map<String, String> topicIds,
      Map<TopicPartition, Long> offsets)
      throws SQLException {
    try (PreparedStatement delete =
        target.prepareStatement("delete from ficus.connect_offset where stream = ?")) {
      delete.setString(1, stream.name().value());
      delete.executeUpdate();
    }
    ConnectPlace place = new ConnectPlace(target, stream);
    place.write(offsets, topicIds);
  }

  /** Kafka's own ids of the topics that were seen so far. */
  Map<String, String> topicIds() {
    return Map.copyOf(topicIds);
  }

  /**
   * The offsets that it begins at; a partition that is not among them is read from its beginning.
   */
  Map<TopicPartition, Long> offsets() {
    return Map.copyOf(written);
  }

  /** A topic is seen for the first time. */
  void identify(String topic, String id) {
    topicIds.putIfAbsent(topic, id);
  }

  /** All transactions up to this end have been read, and what follows is at these offsets. */
  void read(Lsn end, Map<TopicPartition, Long> next) {
    offsets.put(end, next);
    while (offsets.size() > 2) {
      offsets.pollFirstEntry();
    }
  }

  @Override
  public Move to(Lsn end) {
    Map<TopicPartition, Long> next = offsets.get(end);
    if (next == null) {
      throw new IllegalStateException("no offsets are known of the commit at " + end);
    }
    Map<TopicPartition, Long> changed = new HashMap<>(next);
    changed.entrySet().removeIf(offset -> offset.getValue().equals(written.get(offset.getKey())));
    Map<String, String> ids = topicIds();
    return () -> write(changed, ids);
  }

  private void write(Map<TopicPartition, Long> next, Map<String, String> ids) throws SQLException {
    try (PreparedStatement upsert =
        target.prepareStatement(
            """
            insert into ficus.connect_offset as o (stream, topic, partition, topic_id, next_offset) values (?, ?, ?, ?, ?)
            on conflict (stream, topic, partition) do update set next_offset = excluded.next_offset
            """)) {
      for (Map.Entry<TopicPartition, Long> offset : next.entrySet()) {
        upsert.setString(1, stream.name().value());
        upsert.setString(2, offset.getKey().topic());
        upsert.setInt(3, offset.getKey().partition());
        upsert.setString(4, ids.get(offset.getKey().topic()));
        upsert.setLong(5, offset.getValue());
        upsert.addBatch();
      }
      upsert.executeBatch();
    }
  }

  /**
   * Verifies that the stream still applies, for a reader to which nothing comes.
   *
   * @param connection another one than applies, which may hold a transaction open
   * @throws StreamEnded if it does not
   */
  public void verify(Connection connection) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select 1 from ficus.stream where name = ? and epoch = ? and state = 'STREAMING' and via = 'CONNECT'")) {
      select.setString(1, stream.name().value());
      select.setLong(2, stream.epoch().value());
      try (ResultSet row = select.executeQuery()) {
        if (!row.next()) {
          throw new StreamEnded("stream " + stream.name() + " may not apply any more");
        }
      }
    }
  }
}
