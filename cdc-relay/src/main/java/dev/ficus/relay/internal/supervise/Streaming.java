package dev.ficus.relay.internal.supervise;

import dev.ficus.core.FaultPoints;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Marker;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.StreamRow;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.RelaySettings;
import dev.ficus.relay.internal.apply.Applier;
import dev.ficus.relay.internal.capture.Capture;
import dev.ficus.relay.internal.shape.StreamShape;
import dev.ficus.relay.internal.shape.TableShape;
import dev.ficus.relay.internal.watch.RelayMeters;
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
    new SourceCheck(source, stream).verify(leased);
    List<TableShape> shapes = shapes();
    try (Applier applier = new Applier(leased, stream, shapes, settings, meters, faults);
        Capture capture =
            Capture.start(
                stream, source.address(), shapes, table -> verifyAgain(shapes), settings, applier);
        Connection markers = connections.open(source)) {
      log.info("stream {}: streaming from {} at {}", stream.name(), source, stream.position());
      long markedAt = System.nanoTime();
      long startedAt = applier.progressedAt();
      while (!capture.awaitEnd(WATCH)) {
        if (stopping.await(0, TimeUnit.MILLISECONDS)) {
          return;
        }
        if (applier.progressedAt() != startedAt) {
          progressed.run();
        }
        markedAt = markWhenIdle(applier, markers, markedAt);
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
  private long markWhenIdle(Applier applier, Connection markers, long markedAt)
      throws SQLException {
    long now = System.nanoTime();
    long idle = settings.idleMarkerInterval().toNanos();
    if (now - applier.progressedAt() < idle || now - markedAt < idle) {
      return markedAt;
    }
    Marker.write(markers);
    return now;
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
            "the tables of stream " + stream.name() + " were altered while it streamed",
            SourceCheck.AGAIN);
      }
    } catch (SQLException e) {
      throw PostgresException.sql("comparing the tables of stream " + stream.name(), e);
    }
  }
}
