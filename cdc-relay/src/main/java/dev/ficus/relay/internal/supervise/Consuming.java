package dev.ficus.relay.internal.supervise;

import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.postgres.StreamTopic;
import dev.ficus.postgres.TableCopies;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.apply.Applier;
import dev.ficus.relay.internal.ddl.ShapeRows;
import dev.ficus.relay.internal.ddl.ShapeRows.Remembered;
import dev.ficus.relay.internal.kafka.KafkaClients;
import dev.ficus.relay.internal.kafka.TopicPlace;
import dev.ficus.relay.internal.kafka.TopicReader;
import dev.ficus.relay.internal.kafka.Topics;
import dev.ficus.relay.internal.shape.TableShape;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.admin.Admin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One run of the half of a stream that reads its topic and applies, as {@link Streaming} is. */
final class Consuming {

  private static final Logger log = LoggerFactory.getLogger(Consuming.class);
  private static final Duration PATIENCE = Duration.ofMillis(50);

  private final RunContext run;
  private final StreamTopic topic;
  private final KafkaClients clients;
  private final TopicPlace place;
  private long askedAt = System.nanoTime();

  /**
   * @param shapes the version of the tables that was read before the run's row
   */
  Consuming(RunContext run, StreamTopic topic, String shapes, KafkaClients clients) {
    this.run = run;
    this.topic = topic;
    this.clients = clients;
    this.place = new TopicPlace(run.leased(), run.stream(), topic, shapes);
  }

  /**
   * Applies until {@code stopping} opens, or tables are to be copied anew.
   *
   * @param progressed called when the position has moved
   * @throws Exception why the stream cannot go on
   */
  void run(CountDownLatch stopping, Runnable progressed) throws Exception {
    try (Connection requests = run.connections().open(run.target())) {
      consume(Set.of(), applier -> stopping.getCount() == 0 || isRequested(requests), progressed);
    }
  }

  /**
   * Applies what was published up to a place.
   *
   * @param without source tables whose changes are left out
   * @return whether it came there; otherwise {@code stopping} has opened
   */
  boolean until(Lsn published, Set<TableName> without, CountDownLatch stopping) throws Exception {
    consume(
        without,
        applier -> stopping.getCount() == 0 || applier.position().hasReached(published),
        () -> {});
    run.leased().rollback();
    return stopping.getCount() > 0;
  }

  private boolean isRequested(Connection requests) throws SQLException {
    long now = System.nanoTime();
    if (now - askedAt < PATIENCE.toNanos()) {
      return false;
    }
    askedAt = now;
    return !TableCopies.pending(requests, run.stream().name()).isEmpty();
  }

  @FunctionalInterface
  private interface Condition {
    boolean holds(Applier applier) throws SQLException;
  }

  private void consume(Set<TableName> without, Condition over, Runnable progressed)
      throws Exception {
    try (Admin admin = clients.admin();
        Connection watching = run.connections().open(run.target())) {
      try {
        consume(admin, watching, without, over, progressed);
      } catch (RelayException | SQLException e) {
        // Of tables that were altered meanwhile, what does not fit says nothing.
        place.verify(watching);
        throw e;
      }
    }
  }

  private void consume(
      Admin admin, Connection watching, Set<TableName> without, Condition over, Runnable progressed)
      throws Exception {
    Topics.verify(admin, run.stream(), topic);
    List<TableShape> shapes = shapes(watching, without);
    try (Applier applier = run.applier(shapes, place);
        TopicReader reader =
            new TopicReader(
                clients,
                admin,
                run.stream(),
                topic,
                shapes,
                without,
                applier,
                place,
                run.faults());
        TopicWatch watch = TopicWatch.start(run, admin, topic, place, watching)) {
      log.info(
          "stream {}: applying from topic {} at offsets {}, position {}",
          run.stream().name(),
          topic.name(),
          topic.nextOffsets(),
          run.stream().position());
      long startedAt = applier.progressedAt();
      while (!over.holds(applier)) {
        if (!reader.read(Duration.ZERO)) {
          applier.flush();
          reader.read(PATIENCE);
        }
        if (applier.progressedAt() != startedAt) {
          progressed.run();
        }
        watch.verify();
      }
    }
  }

  private List<TableShape> shapes(Connection targetReader, Set<TableName> without)
      throws SQLException {
    try (Connection reader = run.connections().open(run.source())) {
      Map<TableName, Remembered> remembered =
          ShapeRows.read(targetReader, reader, run.stream().name());
      remembered.keySet().removeAll(without);
      return run.shapes(reader, targetReader, remembered);
    }
  }
}
