package dev.ficus.relay.internal.supervise;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.Lsn;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Marker;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.ServerIdentity;
import dev.ficus.postgres.Slots;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTopic;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.RelaySettings;
import dev.ficus.relay.internal.apply.Applier;
import dev.ficus.relay.internal.apply.Destination;
import dev.ficus.relay.internal.capture.Capture;
import dev.ficus.relay.internal.kafka.KafkaClients;
import dev.ficus.relay.internal.kafka.TopicPublisher;
import dev.ficus.relay.internal.shape.StreamShape;
import dev.ficus.relay.internal.shape.TableShape;
import dev.ficus.relay.internal.watch.LostSlot;
import dev.ficus.relay.internal.watch.RelayMeters;
import dev.ficus.relay.internal.watch.StreamFailure;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One run of a stream from its position on, until it is to stop or meets an error. */
final class Streaming {

  private static final Logger log = LoggerFactory.getLogger(Streaming.class);
  private static final String AGAIN = "request the stream again with a new copy";
  private static final Duration WATCH = Duration.ofMillis(50);

  private final Database source;
  private final Database target;
  private final Connection leased;
  private final StreamRow stream;
  private final RunnerConnections connections;
  private final RelaySettings settings;
  private final RelayMeters meters;
  private final FaultPoints faults;

  Streaming(
      Database source,
      Database target,
      Connection leased,
      StreamRow stream,
      RunnerConnections connections,
      RelaySettings settings,
      RelayMeters meters,
      FaultPoints faults) {
    this.source = source;
    this.target = target;
    this.leased = leased;
    this.stream = stream;
    this.connections = connections;
    this.settings = settings;
    this.meters = meters;
    this.faults = faults;
  }

  /**
   * Streams until {@code stopping} opens.
   *
   * @param progressed called when the position has moved
   * @throws Exception why the stream cannot go on
   */
  void run(CountDownLatch stopping, Runnable progressed) throws Exception {
    verifyIdentity();
    verifyNotPast(stream.position(), verifySlot());
    List<TableShape> shapes = shapes();
    try (Applier applier = new Applier(leased, stream, shapes, settings, meters, faults)) {
      log.info("stream {}: streaming from {} at {}", stream.name(), source, stream.position());
      capture(applier, stream.position(), shapes, stopping, progressed);
    }
  }

  /**
   * Publishes to the stream's topic until {@code stopping} opens, from what the topic was given
   * last.
   *
   * @param progressed called when something was published
   * @throws Exception why the stream cannot go on
   */
  void publish(
      KafkaClients clients, StreamTopic topic, CountDownLatch stopping, Runnable progressed)
      throws Exception {
    verifyIdentity();
    Slots.Slot slot = verifySlot();
    List<TableShape> shapes = shapes();
    try (TopicPublisher publisher =
        TopicPublisher.open(clients, stream, topic, slot.confirmed(), sourceName(), faults)) {
      log.info(
          "stream {}: publishing from {} at {} to topic {}",
          stream.name(),
          source,
          publisher.from(),
          topic.name());
      capture(publisher, publisher.from(), shapes, stopping, progressed);
    }
  }

  private void capture(
      Destination destination,
      Lsn from,
      List<TableShape> shapes,
      CountDownLatch stopping,
      Runnable progressed)
      throws Exception {
    try (Capture capture =
            Capture.start(
                stream,
                from,
                source.address(),
                shapes,
                table -> verifyAgain(shapes),
                settings,
                destination);
        Connection markers = connections.open(source)) {
      long markedAt = System.nanoTime();
      long startedAt = destination.progressedAt();
      while (!capture.awaitEnd(WATCH)) {
        if (stopping.await(0, TimeUnit.MILLISECONDS)) {
          return;
        }
        if (destination.progressedAt() != startedAt) {
          progressed.run();
        }
        markedAt = markWhenIdle(destination, markers, markedAt);
      }
      Throwable failure =
          capture
              .failure()
              .orElseGet(
                  () ->
                      PostgresException.sql(
                          "capturing " + stream.name(),
                          new SQLException("the capture ended by itself", "08006")));
      if (failure instanceof Exception exception) {
        throw exception;
      }
      throw new IllegalStateException("the capture failed", failure);
    }
  }

  /* A slot lets go of WAL only when something arrives on it; a source that writes other tables alone would fill its disk. */
  private long markWhenIdle(Destination destination, Connection markers, long markedAt)
      throws SQLException {
    long now = System.nanoTime();
    long idle = settings.idleMarkerInterval().toNanos();
    if (now - destination.progressedAt() < idle || now - markedAt < idle) {
      return markedAt;
    }
    Marker.write(markers);
    return now;
  }

  private String sourceName() throws SQLException {
    try (Connection connection = connections.open(source)) {
      return connection.getCatalog();
    }
  }

  private List<TableShape> shapes() throws SQLException {
    try (Connection reader = connections.open(source);
        Connection targetReader = connections.open(target)) {
      return StreamShape.verify(source, reader, targetReader, stream);
    }
  }

  private void verifyAgain(List<TableShape> shapes) {
    try {
      if (!shapes().equals(shapes)) {
        throw RelayException.stop(
            "the tables of stream " + stream.name() + " were altered while it streamed", AGAIN);
      }
    } catch (SQLException e) {
      throw PostgresException.sql("comparing the tables of stream " + stream.name(), e);
    }
  }

  private void verifyIdentity() {
    ServerIdentity now = source.identity();
    ServerIdentity then =
        stream
            .identity()
            .orElseThrow(
                () ->
                    RelayException.stop(
                        "stream "
                            + stream.name()
                            + " is to stream but no source server is recorded",
                        AGAIN));
    if (!now.equals(then)) {
      throw RelayException.stop(
          "the position "
              + stream.position()
              + " of stream "
              + stream.name()
              + " belongs to system "
              + then.system()
              + " timeline "
              + then.timeline()
              + ", but "
              + source
              + " is system "
              + now.system()
              + " timeline "
              + now.timeline(),
          "correct the database's address if it is wrong; after a fail-over or a restore of the source, "
              + AGAIN);
    }
  }

  private Slots.Slot verifySlot() {
    Slots.Slot slot =
        new Slots(source)
            .find(stream.slot())
            .orElseThrow(
                () ->
                    RelayException.stop(
                        "slot " + stream.slot() + " is gone from " + source,
                        "changes since "
                            + stream.position()
                            + " cannot be had any more: "
                            + AGAIN));
    if (slot.walStatus().equals("lost")) {
      StreamFailure lost = LostSlot.lost(stream, source);
      throw RelayException.stop(lost.failure(), lost.advice());
    }
    return slot;
  }

  private void verifyNotPast(Lsn position, Slots.Slot slot) {
    if (!position.hasReached(slot.confirmed())) {
      throw RelayException.stop(
          "slot "
              + stream.slot()
              + " of "
              + source
              + " stands at "
              + slot.confirmed()
              + ", past the position "
              + stream.position()
              + " of stream "
              + stream.name()
              + ": the changes between are lost to it",
          "find out who else read or advanced the slot, or restored the target, then " + AGAIN);
    }
  }
}
