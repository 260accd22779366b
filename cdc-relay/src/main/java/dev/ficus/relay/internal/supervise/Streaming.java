package dev.ficus.relay.internal.supervise;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.DdlNotices;
import dev.ficus.postgres.Marker;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.TableCopies;
import dev.ficus.relay.RelaySettings;
import dev.ficus.relay.internal.apply.Applier;
import dev.ficus.relay.internal.capture.Capture;
import dev.ficus.relay.internal.ddl.DdlWatch;
import dev.ficus.relay.internal.ddl.ShapeRows;
import dev.ficus.relay.internal.ddl.ShapeRows.Remembered;
import dev.ficus.relay.internal.ddl.SourceCatalog;
import dev.ficus.relay.internal.shape.StreamShape;
import dev.ficus.relay.internal.shape.TableShape;
import dev.ficus.relay.internal.watch.RelayMeters;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
   * Streams until {@code stopping} opens, or tables are to be copied anew.
   *
   * @param progressed called when the position has moved
   * @throws Exception why the stream cannot go on
   */
  void run(CountDownLatch stopping, Runnable progressed) throws Exception {
    try (Connection requests = connections.open(target)) {
      run(
          stopping,
          progressed,
          Set.of(),
          sink -> sink,
          () -> !TableCopies.pending(requests, stream.name()).isEmpty());
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
      run(stopping, () -> {}, without, sink -> new UntilSink(sink, place), () -> false);
      return false;
    } catch (UntilSink.Reached e) {
      leased.rollback();
      return true;
    }
  }

  @FunctionalInterface
  private interface Condition {
    boolean holds() throws SQLException;
  }

  private void run(
      CountDownLatch stopping,
      Runnable progressed,
      Set<TableName> without,
      UnaryOperator<Capture.Sink> around,
      Condition over)
      throws Exception {
    new SourceCheck(source, stream).verify(leased);
    try (Connection catalog = connections.open(source);
        Connection markers = connections.open(source)) {
      Map<TableName, Remembered> remembered = remembered(markers);
      DdlWatch ddl =
          new DdlWatch(
              stream,
              remembered,
              settings.additive().contains(stream.group()),
              DdlNotices.key(markers),
              catalog);
      remembered.keySet().removeAll(without);
      List<TableShape> shapes = shapes(markers, remembered);
      if (!without.isEmpty()) {
        // Something past the place has to come, or an idle source would never show that it was
        // reached.
        Marker.write(markers);
      }
      run(stopping, progressed, shapes, ddl, markers, around, over);
    }
  }

  private void run(
      CountDownLatch stopping,
      Runnable progressed,
      List<TableShape> shapes,
      DdlWatch ddl,
      Connection markers,
      UnaryOperator<Capture.Sink> around,
      Condition over)
      throws Exception {
    try (Applier applier = new Applier(leased, stream, shapes, settings, meters, faults);
        Capture capture =
            Capture.start(stream, source.address(), shapes, ddl, settings, around.apply(applier))) {
      log.info("stream {}: streaming from {} at {}", stream.name(), source, stream.position());
      long markedAt = System.nanoTime();
      long startedAt = applier.progressedAt();
      CatalogWatch catalog = new CatalogWatch(stream, ddl, markers);
      while (!capture.awaitEnd(WATCH)) {
        if (stopping.await(0, TimeUnit.MILLISECONDS) || over.holds()) {
          return;
        }
        if (applier.progressedAt() != startedAt) {
          progressed.run();
        }
        markedAt = markWhenIdle(applier, markers, markedAt);
        catalog.look(applier.position());
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

  /**
   * The source's tables as of the position. A stream without a copy begins where nothing has been
   * written yet, and remembers them as they are then.
   */
  private Map<TableName, Remembered> remembered(Connection reader) throws SQLException {
    Map<TableName, Remembered> remembered =
        new LinkedHashMap<>(ShapeRows.read(leased, reader, stream.name()));
    List<TableName> unknown =
        stream.tables().stream()
            .map(StreamTable::source)
            .filter(table -> !remembered.containsKey(table))
            .toList();
    if (!unknown.isEmpty()) {
      StreamShape.verify(source, reader, leased, stream);
    }
    for (TableName table : unknown) {
      Remembered now =
          Remembered.now(reader, SourceCatalog.describe(reader, table).orElseThrow(), Lsn.ZERO);
      ShapeRows.write(leased, stream.name(), table, now);
      remembered.put(table, now);
    }
    return remembered;
  }

  /** What was remembered against the target: the source's catalog may be ahead of the stream. */
  private List<TableShape> shapes(Connection reader, Map<TableName, Remembered> remembered)
      throws SQLException {
    List<TableShape> shapes = new ArrayList<>();
    for (StreamTable table : stream.tables()) {
      Remembered it = remembered.get(table.source());
      if (it != null) {
        shapes.add(
            StreamShape.verify(
                reader,
                it.types(),
                leased,
                stream,
                table,
                settings.additive().contains(stream.group())));
      }
    }
    return shapes;
  }
}
