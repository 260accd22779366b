package dev.ficus.relay.internal.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.Lsn;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.StreamTopic;
import dev.ficus.postgres.StreamTopics;
import dev.ficus.postgres.Streams;
import dev.ficus.relay.internal.apply.StreamEnded;
import dev.ficus.relay.internal.ddl.ShapeRows;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

/** What was read by tables that have been altered since is not committed. */
@Rule({"R3", "R7"})
class TopicPlaceTest {

  private static final Lsn END = Lsn.parse("0/500");

  @Test
  void shouldNotMoveOverAChangeOfATableThatItsReaderDoesNotKnow() throws SQLException {
    try (TestDatabase database = TestPostgres.create()) {
      Database target = new Database("orders", database.address());
      Streams streams = OneTable.request(database);
      database.execute(
          """
          update ficus.stream set state = 'STREAMING';
          insert into ficus.stream_topic (topic, stream, topic_id, next_offsets) values ('topic', 'orders.forward', 'id', '{0}');
          insert into ficus.stream_shape (stream, source_schema, source_table, shape, structures, accepted)
            values ('orders.forward', 'public', 't', '{}', '{}', '0/100');
          """);
      try (Connection connection = target.connect("test")) {
        StreamTopic topic = StreamTopics.find(connection, OneTable.STREAM).orElseThrow();
        TopicPlace place =
            new TopicPlace(
                connection,
                streams.find(OneTable.STREAM).orElseThrow(),
                topic,
                ShapeRows.version(connection, OneTable.STREAM).orElseThrow());
        place.read(END, new long[] {7});
        place.to(END).perform();
        place.verify(connection);

        // A notice that stands before the last one, of a transaction that committed after it.
        database.execute("update ficus.stream_shape set accepted = '0/50'");

        place.read(END, new long[] {9});
        assertThatThrownBy(() -> place.to(END).perform()).isInstanceOf(StreamEnded.class);
        assertThatThrownBy(() -> place.verify(connection)).isInstanceOf(StreamEnded.class);
        assertThat(database.queryOne("select next_offsets from ficus.stream_topic"))
            .isEqualTo("{7}");
      }
    }
  }
}
