package dev.ficus.relay.internal.supervise;

import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.postgres.DdlNotices;
import dev.ficus.postgres.Marker;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.SlotLock;
import dev.ficus.postgres.Slots;
import dev.ficus.postgres.SqlErrors;
import dev.ficus.postgres.StreamState;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.StreamTopic;
import dev.ficus.postgres.TableCopies;
import dev.ficus.relay.internal.apply.Additions;
import dev.ficus.relay.internal.apply.Applier;
import dev.ficus.relay.internal.apply.Companion;
import dev.ficus.relay.internal.apply.Destination;
import dev.ficus.relay.internal.apply.StreamEnded;
import dev.ficus.relay.internal.capture.Capture;
import dev.ficus.relay.internal.ddl.DdlStopped;
import dev.ficus.relay.internal.ddl.DdlWatch;
import dev.ficus.relay.internal.ddl.ShapeRows;
import dev.ficus.relay.internal.ddl.ShapeRows.Remembered;
import dev.ficus.relay.internal.ddl.SourceCatalog;
import dev.ficus.relay.internal.kafka.AdditionAhead;
import dev.ficus.relay.internal.kafka.KafkaClients;
import dev.ficus.relay.internal.kafka.TopicPublisher;
import dev.ficus.relay.internal.shape.StreamShape;
import dev.ficus.relay.internal.shape.TableShape;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One run of a stream from its position on, until it is to stop or meets an error. */
final class Streaming {

  private static final Logger log = LoggerFactory.getLogger(Streaming.class);
  private static final Duration WATCH = Duration.ofMillis(50);

  private final RunContext run;

  Streaming(RunContext run) {
    this.run = run;
  }

  /**
   * Streams until {@code stopping} opens, or tables are to be copied anew.
   *
   * @param progressed called when the position has moved
   * @throws Exception why the stream cannot go on
   */
  void run(CountDownLatch stopping, Runnable progressed) throws Exception {
    try (Connection requests = run.connections().open(run.target())) {
      apply(
          Set.of(),
          sink -> sink,
          new Ending(
              stopping,
              progressed,
              () -> !TableCopies.pending(requests, run.stream().name()).isEmpty()));
    }
  }

  /**
   * Streams up to a place, and applies nothing that was committed after it.
   *
   * @param without source tables whose changes are left out
   * @return whether it came there; otherwise {@code stopping} has opened
   */
  boolean until(Lsn place, Set<TableName> without, CountDownLatch stopping) throws Exception {
    try {
      apply(
          without, sink -> new UntilSink(sink, place), new Ending(stopping, () -> {}, () -> false));
      return false;
    } catch (UntilSink.Reached e) {
      run.leased().rollback();
      return true;
    }
  }

  /**
   * Publishes to the stream's topic until {@code stopping} opens, or tables are to be copied anew,
   * from what the topic was given last.
   *
   * @param progressed called when something was published
   * @return whether a table has got more, which another run publishes with what follows
   * @throws Exception why the stream cannot go on
   */
  boolean publish(
      KafkaClients clients, StreamTopic topic, CountDownLatch stopping, Runnable progressed)
      throws Exception {
    try (Requests requests = new Requests(run)) {
      return publish(
          clients,
          topic,
          Optional.empty(),
          Set.of(),
          new Barrier(run, stopping),
          new Ending(stopping, progressed, requests::arePending));
    }
  }

  /**
   * Publishes up to a place, and nothing that was committed after it.
   *
   * @param without source tables whose changes are left out
   * @param applied has what was published applied
   * @return whether all of it is; otherwise {@code stopping} has opened
   */
  boolean publishUntil(
      KafkaClients clients,
      StreamTopic topic,
      Lsn place,
      Set<TableName> without,
      Applied applied,
      CountDownLatch stopping)
      throws Exception {
    Ending ending = new Ending(stopping, () -> {}, () -> false);
    try {
      if (publish(clients, topic, Optional.of(place), without, applied, ending)) {
        throw new SQLException(
            "a table got columns or partitions while others are copied anew; the copy begins again",
            SqlErrors.SERIALIZATION_FAILURE);
      }
      return false;
    } catch (UntilSink.Reached e) {
      return true;
    }
  }

  private boolean publish(
      KafkaClients clients,
      StreamTopic topic,
      Optional<Lsn> place,
      Set<TableName> without,
      Applied applied,
      Ending ending)
      throws Exception {
    try (Connection catalog = openSlot();
        Connection markers = run.connections().open(run.source())) {
      SourceCheck check = new SourceCheck(run.source(), run.stream());
      Slots.Slot slot = check.verifyUnpublished();
      Map<TableName, Remembered> remembered = remembered(markers);
      DdlWatch ddl = watch(remembered, catalog, markers);
      List<TableShape> shapes = shapes(remembered, without, markers);
      try (TopicPublisher publisher =
          TopicPublisher.open(
              clients, run.stream(), topic, slot.confirmed(), markers.getCatalog(), run.faults())) {
        Lsn settled = newest(remembered);
        check.verifyPublished(
            run.leased(), settled.hasReached(publisher.from()) ? settled : publisher.from());
        if (place.isPresent() && !place.get().hasReached(publisher.from())) {
          // Somebody without the lease did, before the brokers refused it.
          throw new SQLException(
              "the topic was written past the snapshot that tables are copied anew from; the copy begins again",
              SqlErrors.SERIALIZATION_FAILURE);
        }
        log.info(
            "stream {}: publishing from {} at {} to topic {}",
            run.stream().name(),
            run.source(),
            publisher.from(),
            topic.name());
        try {
          Capture.Sink sink =
              place.<Capture.Sink>map(it -> new UntilSink(publisher, it)).orElse(publisher);
          capture(publisher, sink, publisher.from(), shapes, ddl, markers, ending);
          return false;
        } catch (DdlStopped | UntilSink.Reached e) {
          applied.await(publisher.position(), String.valueOf(e.getMessage()));
          throw e;
        } catch (AdditionAhead e) {
          applied.await(publisher.position(), String.valueOf(e.getMessage()));
          Additions.commit(run.leased(), run.stream(), e.addition(), run.faults());
          return true;
        }
      }
    }
  }

  /** The newest change that is settled: what it told of was read here, and may not be published. */
  private static Lsn newest(Map<TableName, Remembered> remembered) {
    return remembered.values().stream()
        .map(Remembered::accepted)
        .reduce(Lsn.ZERO, (one, other) -> one.hasReached(other) ? one : other);
  }

  @FunctionalInterface
  private interface Condition {
    boolean holds() throws SQLException;
  }

  /** What ends a run, and whom its progress is told. */
  private record Ending(CountDownLatch stopping, Runnable progressed, Condition over) {}

  private void apply(Set<TableName> without, UnaryOperator<Capture.Sink> around, Ending ending)
      throws Exception {
    try (Connection catalog = openSlot();
        Connection markers = run.connections().open(run.source())) {
      new SourceCheck(run.source(), run.stream()).verify(run.leased());
      Map<TableName, Remembered> remembered = remembered(markers);
      DdlWatch ddl = watch(remembered, catalog, markers);
      List<TableShape> shapes = shapes(remembered, without, markers);
      try (Applier applier = run.applier(shapes, Companion.NONE)) {
        log.info(
            "stream {}: streaming from {} at {}",
            run.stream().name(),
            run.source(),
            run.stream().position());
        capture(
            applier, around.apply(applier), run.stream().position(), shapes, ddl, markers, ending);
      }
    }
  }

  /** A connection to the source that keeps the slot's lock, for a stream that is wanted. */
  private Connection openSlot() throws SQLException {
    run.faults().reach("relay.slot.opening");
    Connection source = run.connections().open(run.source());
    try {
      if (!SlotLock.takeOver(source, run.leased(), run.stream(), StreamState.STREAMING)) {
        throw new StreamEnded("stream " + run.stream().name() + " is not wanted any more");
      }
      run.faults().reach("relay.slot.opened");
      return source;
    } catch (SQLException | RuntimeException e) {
      source.close();
      throw e;
    }
  }

  private DdlWatch watch(
      Map<TableName, Remembered> remembered, Connection catalog, Connection markers)
      throws SQLException {
    return new DdlWatch(
        run.stream(),
        remembered,
        run.settings().additive().contains(run.stream().group()),
        DdlNotices.key(markers),
        catalog);
  }

  /**
   * @param sink what the capture feeds, in front of the destination
   */
  private void capture(
      Destination destination,
      Capture.Sink sink,
      Lsn from,
      List<TableShape> shapes,
      DdlWatch ddl,
      Connection markers,
      Ending ending)
      throws Exception {
    try (Capture capture =
        Capture.start(
            run.stream(), from, run.source().address(), shapes, ddl, run.settings(), sink)) {
      IdleMarker marker = new IdleMarker(markers, run.settings().idleMarkerInterval());
      long startedAt = destination.progressedAt();
      CatalogWatch catalog = new CatalogWatch(run.stream(), ddl, markers);
      NewPartitions partitions = new NewPartitions(run.stream(), ddl, run.source());
      while (true) {
        boolean ended = capture.awaitEnd(WATCH);
        // Also of a run that ended at once: what makes progress does not wait ever longer.
        if (destination.progressedAt() != startedAt) {
          ending.progressed().run();
        }
        if (ended) {
          break;
        }
        if (ending.stopping().await(0, TimeUnit.MILLISECONDS) || ending.over().holds()) {
          return;
        }
        marker.writeIfIdle(destination.progressedAt());
        catalog.look(destination.position());
        partitions.guard();
      }
      Throwable failure =
          capture
              .failure()
              .orElseGet(
                  () ->
                      PostgresException.sql(
                          "capturing " + run.stream().name(),
                          new SQLException("the capture ended by itself", "08006")));
      if (failure instanceof Exception exception) {
        throw exception;
      }
      throw new IllegalStateException("the capture failed", failure);
    }
  }

  /**
   * The source's tables as of the position. A stream without a copy begins where nothing has been
   * written yet, and remembers them as they are then.
   */
  private Map<TableName, Remembered> remembered(Connection reader) throws SQLException {
    Map<TableName, Remembered> remembered =
        new LinkedHashMap<>(ShapeRows.read(run.leased(), reader, run.stream().name()));
    List<TableName> unknown =
        run.stream().tables().stream()
            .map(StreamTable::source)
            .filter(table -> !remembered.containsKey(table))
            .toList();
    if (!unknown.isEmpty()) {
      StreamShape.verify(run.source(), reader, run.leased(), run.stream());
    }
    for (TableName table : unknown) {
      Remembered now =
          Remembered.now(reader, SourceCatalog.describe(reader, table).orElseThrow(), Lsn.ZERO);
      ShapeRows.write(run.leased(), run.stream().name(), table, now);
      remembered.put(table, now);
    }
    return remembered;
  }

  /** What is carried; where tables are left out, up to some place. */
  private List<TableShape> shapes(
      Map<TableName, Remembered> remembered, Set<TableName> without, Connection markers)
      throws SQLException {
    if (!without.isEmpty()) {
      // Something past the place has to come, or an idle source would never show that it was
      // reached.
      Marker.write(markers);
    }
    Map<TableName, Remembered> carried = new LinkedHashMap<>(remembered);
    carried.keySet().removeAll(without);
    return run.shapes(markers, run.leased(), carried);
  }
}
