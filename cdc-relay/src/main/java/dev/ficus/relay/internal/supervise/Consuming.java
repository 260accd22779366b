package dev.ficus.relay.internal.supervise;

import dev.ficus.core.FaultPoints;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTopic;
import dev.ficus.relay.RelaySettings;
import dev.ficus.relay.internal.apply.Applier;
import dev.ficus.relay.internal.kafka.KafkaClients;
import dev.ficus.relay.internal.kafka.TopicPlace;
import dev.ficus.relay.internal.kafka.TopicReader;
import dev.ficus.relay.internal.kafka.Topics;
import dev.ficus.relay.internal.shape.StreamShape;
import dev.ficus.relay.internal.shape.TableShape;
import dev.ficus.relay.internal.watch.RelayMeters;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.admin.Admin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One run of the half of a stream that reads its topic and applies, as {@link Streaming} is. */
final class Consuming {

  private static final Logger log = LoggerFactory.getLogger(Consuming.class);
  private static final Duration PATIENCE = Duration.ofMillis(50);
  private static final Duration WATCH = Duration.ofSeconds(1);

  private final Database source;
  private final Database target;
  private final Connection leased;
  private final StreamRow stream;
  private final StreamTopic topic;
  private final RunnerConnections connections;
  private final KafkaClients clients;
  private final RelaySettings settings;
  private final RelayMeters meters;
  private final FaultPoints faults;

  Consuming(
      Database source,
      Database target,
      Connection leased,
      StreamRow stream,
      StreamTopic topic,
      RunnerConnections connections,
      KafkaClients clients,
      RelaySettings settings,
      RelayMeters meters,
      FaultPoints faults) {
    this.source = source;
    this.target = target;
    this.leased = leased;
    this.stream = stream;
    this.topic = topic;
    this.connections = connections;
    this.clients = clients;
    this.settings = settings;
    this.meters = meters;
    this.faults = faults;
  }

  /**
   * Applies until {@code stopping} opens.
   *
   * @param progressed called when the position has moved
   * @throws Exception why the stream cannot go on
   */
  void run(CountDownLatch stopping, Runnable progressed) throws Exception {
    TopicPlace place = new TopicPlace(leased, stream, topic);
    List<TableShape> shapes = shapes();
    try (Admin admin = clients.admin();
        Connection watching = connections.open(target)) {
      Topics.verify(admin, stream, topic);
      try (Applier applier = new Applier(leased, stream, shapes, settings, meters, faults, place);
          TopicReader reader =
              new TopicReader(clients, admin, stream, topic, shapes, applier, place, faults)) {
        log.info(
            "stream {}: applying from topic {} at offsets {}, position {}",
            stream.name(),
            topic.name(),
            topic.nextOffsets(),
            stream.position());
        long startedAt = applier.progressedAt();
        long watchedAt = System.nanoTime();
        while (stopping.getCount() > 0) {
          if (!reader.read(Duration.ZERO)) {
            applier.flush();
            reader.read(PATIENCE);
          }
          if (applier.progressedAt() != startedAt) {
            progressed.run();
          }
          if (System.nanoTime() - watchedAt > WATCH.toNanos()) {
            // What is deleted or cut off sends nothing, and an idle topic neither.
            place.verify(watching);
            Topics.verify(admin, stream, topic);
            watchedAt = System.nanoTime();
          }
        }
      }
    }
  }

  private List<TableShape> shapes() throws SQLException {
    try (Connection reader = connections.open(source);
        Connection targetReader = connections.open(target)) {
      return StreamShape.verify(source, reader, targetReader, stream);
    }
  }
}
