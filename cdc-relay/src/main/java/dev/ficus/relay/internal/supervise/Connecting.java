package dev.ficus.relay.internal.supervise;

import dev.ficus.postgres.StreamWatches;
import dev.ficus.relay.NoAnswerException;
import dev.ficus.relay.internal.apply.Applier;
import dev.ficus.relay.internal.connect.ConnectPlace;
import dev.ficus.relay.internal.connect.ConnectReader;
import dev.ficus.relay.internal.connect.ConnectSource;
import dev.ficus.relay.internal.kafka.KafkaClients;
import dev.ficus.relay.internal.shape.StreamShape;
import dev.ficus.relay.internal.shape.TableShape;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One run of a stream that applies what Kafka Connect publishes, as {@link Streaming} is. */
final class Connecting {

  private static final Logger log = LoggerFactory.getLogger(Connecting.class);
  private static final Duration PATIENCE = Duration.ofMillis(50);
  private static final Duration WATCH = Duration.ofSeconds(1);
  private static final Duration SETTINGS_WATCH = Duration.ofSeconds(10);

  private final RunContext run;
  private final KafkaClients clients;

  Connecting(RunContext run, KafkaClients clients) {
    this.run = run;
    this.clients = clients;
  }

  /**
   * Applies until {@code stopping} opens.
   *
   * @param progressed called when the position has moved
   * @throws Exception why the stream cannot go on
   */
  void run(CountDownLatch stopping, Runnable progressed) throws Exception {
    SourceCheck check = new SourceCheck(run.source(), run.stream());
    check.verifySame();
    ConnectPlace place = ConnectPlace.read(run.leased(), run.stream());
    try (Connection reading = run.connections().open(run.source());
        Connection watching = run.connections().open(run.target())) {
      List<TableShape> shapes = StreamShape.verify(run.source(), reading, watching, run.stream());
      try (ConnectSource connector = new ConnectSource(clients, run.stream(), run.source());
          Applier applier = run.applier(shapes, place);
          ConnectReader reader = connector.open(reading, shapes, applier, place)) {
        log.info(
            "stream {}: applying from Kafka Connect, position {}",
            run.stream().name(),
            run.stream().position());
        long startedAt = applier.progressedAt();
        long watchedAt = System.nanoTime();
        long settingsAt = watchedAt;
        IdleMarker marker = new IdleMarker(reading, run.settings().idleMarkerInterval());
        while (stopping.getCount() > 0) {
          if (!reader.read(Duration.ZERO)) {
            applier.flush();
            reader.read(PATIENCE);
          }
          if (applier.progressedAt() != startedAt) {
            progressed.run();
          }
          long now = System.nanoTime();
          if (now - watchedAt > WATCH.toNanos()) {
            place.verify(watching);
            check.verifySame();
            reader.look();
            watchedAt = now;
          }
          if (now - settingsAt > SETTINGS_WATCH.toNanos()) {
            connector.verifyTables(reading, shapes);
            verifySettings(connector, reading, watching);
            settingsAt = System.nanoTime();
          }
          marker.writeIfIdle(applier.progressedAt());
        }
      }
    }
  }

  private void verifySettings(ConnectSource connector, Connection reading, Connection watching)
      throws SQLException, InterruptedException {
    try {
      connector.verify(reading);
    } catch (NoAnswerException e) {
      String why =
          "the connector's settings are not known to be as they were: "
              + e.getMessage()
              + "; "
              + e.next();
      log.warn("stream {}: {}", run.stream().name(), why);
      StreamWatches.retried(watching, run.stream(), why);
    }
  }
}
