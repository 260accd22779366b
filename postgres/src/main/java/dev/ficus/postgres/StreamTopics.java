package dev.ficus.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The topics of the streams that end in one database.
 *
 * <p>A topic outlives its stream's row: whoever ends the stream marks it, in the same commit, and a
 * relay removes it from the brokers and then from here. So none is forgotten, whichever process
 * dies.
 */
public final class StreamTopics {

  private StreamTopics() {}

  /** The topic of a stream, if it has one yet. */
  public static Optional<StreamTopic> find(Connection connection, StreamName stream)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select topic, topic_id, next_offsets from ficus.stream_topic where stream = ? and not ended")) {
      select.setString(1, stream.value());
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? Optional.of(topic(row)) : Optional.empty();
      }
    }
  }

  /** The topics of all streams that have one, by stream. */
  public static Map<StreamName, StreamTopic> list(Connection connection) throws SQLException {
    Map<StreamName, StreamTopic> topics = new HashMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select topic, topic_id, next_offsets, stream from ficus.stream_topic where not ended")) {
      while (row.next()) {
        topics.put(new StreamName(row.getString("stream")), topic(row));
      }
    }
    return topics;
  }

  private static StreamTopic topic(ResultSet row) throws SQLException {
    return new StreamTopic(
        row.getString("topic"),
        Optional.ofNullable(row.getString("topic_id")),
        List.of((Long[]) row.getArray("next_offsets").getArray()));
  }

  /** Gives a stream that runs its topic's name, unless it has one. */
  public static void name(Connection connection, StreamRow stream, String topic)
      throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            insert into ficus.stream_topic (topic, stream, next_offsets)
            select ?, name, array_fill(0::bigint, array[partitions])
            from ficus.stream where name = ? and epoch = ? and state = 'STREAMING' for share
            on conflict do nothing
            """)) {
      insert.setString(1, topic);
      insert.setString(2, stream.name().value());
      insert.setLong(3, stream.epoch().value());
      insert.executeUpdate();
    }
  }

  /** Notes Kafka's id of a topic that has none noted. */
  public static void identify(Connection connection, String topic, String id) throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement(
            "update ficus.stream_topic set topic_id = ? where topic = ? and topic_id is null")) {
      update.setString(1, id);
      update.setString(2, topic);
      update.executeUpdate();
    }
  }

  /** The topics whose streams have ended, to be removed. */
  public static List<String> ended(Connection connection) throws SQLException {
    List<String> topics = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select topic from ficus.stream_topic where ended order by topic")) {
      while (row.next()) {
        topics.add(row.getString(1));
      }
    }
    return topics;
  }

  /** Forgets an ended topic: it has been removed. */
  public static void forget(Connection connection, String topic) throws SQLException {
    try (PreparedStatement delete =
        connection.prepareStatement("delete from ficus.stream_topic where topic = ? and ended")) {
      delete.setString(1, topic);
      delete.executeUpdate();
    }
  }
}
