package dev.ficus.relay.internal.capture;

import dev.ficus.core.Lsn;
import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.postgres.StreamRow;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.RelaySettings;
import dev.ficus.relay.internal.shape.TableShape;
import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import io.debezium.relational.TableId;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/**
 * One run of Debezium's engine on a stream's slot; it is used once and thrown away, since the
 * engine cannot be trusted after an error.
 */
public final class Capture implements AutoCloseable {

  private static final Duration CLOSE_PAUSE = Duration.ofMillis(20);
  private static final Duration CLOSE_DEADLINE = Duration.ofSeconds(30);

  private final DebeziumEngine<RecordChangeEvent<SourceRecord>> engine;
  private final Thread thread;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  private Capture(String name, DebeziumEngine.Builder<RecordChangeEvent<SourceRecord>> builder) {
    this.engine =
        builder
            .using(
                (DebeziumEngine.CompletionCallback)
                    (success, message, error) -> {
                      if (!success) {
                        failure.compareAndSet(
                            null, error != null ? error : new IllegalStateException(message));
                      }
                    })
            .build();
    this.thread =
        new Thread(
            () -> {
              try {
                engine.run();
              } finally {
                ended.countDown();
              }
            },
            "ficus-capture-" + name);
    thread.setDaemon(true);
  }

  /** Receives the changes of transactions in commit order, one transaction after the other. */
  public interface Sink {

    /**
     * A transaction begins.
     *
     * @param transaction its name: the source's number of it, and where it began in the WAL
     * @param committedAt by the source's clock
     */
    void begin(String transaction, Instant committedAt) throws Exception;

    /** One change of it. */
    void change(Change change) throws Exception;

    /**
     * It is whole.
     *
     * @param end the end of its commit record
     */
    void commit(Lsn end) throws Exception;

    /**
     * Nothing more is at hand: makes durable what is whole.
     *
     * @return up to which commit it is durable: only this is acknowledged to the slot (rule R4)
     */
    Lsn flush() throws Exception;
  }

  /**
   * Starts an engine that feeds the sink, on threads of its own.
   *
   * @param from the commit after which it begins
   */
  public static Capture start(
      StreamRow row,
      Lsn from,
      DatabaseAddress source,
      List<TableShape> shapes,
      SchemaChange onSchemaChange,
      RelaySettings settings,
      Sink sink) {
    // Of its own for each engine: those of one process share a registry of metrics by this name,
    // and
    // one that finds its name taken, even by an engine that is ending, waits a minute.
    String prefix = row.slot() + "_" + Long.toHexString(System.nanoTime());
    Feeder feeder = new Feeder(shapes, onSchemaChange, sink);
    Capture capture =
        new Capture(
            row.name().value(),
            DebeziumEngine.create(ChangeEventFormat.of(Connect.class))
                .using(EngineProperties.of(row, from, source, shapes, prefix, settings))
                .notifying(feeder));
    feeder.failure = capture.failure;
    capture.thread.start();
    return capture;
  }

  /**
   * Waits until the engine has ended, by itself or by {@link #close}.
   *
   * @return whether it has
   */
  public boolean awaitEnd(Duration timeout) throws InterruptedException {
    return ended.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Why it ended, if it ended by an error. */
  public Optional<Throwable> failure() {
    return Optional.ofNullable(failure.get());
  }

  /** Ends the engine and waits until its connections are closed. */
  @Override
  public void close() {
    long deadline = System.nanoTime() + CLOSE_DEADLINE.toNanos();
    boolean closing = false;
    boolean interrupted = false;
    while (ended.getCount() > 0 && System.nanoTime() < deadline) {
      if (!closing) {
        try {
          engine.close();
          closing = true;
        } catch (IllegalStateException e) {
          // It refuses while its tasks start and while it is closing: ask again.
          LockSupport.parkNanos(CLOSE_PAUSE.toNanos());
        } catch (IOException e) {
          failure.compareAndSet(null, e);
          closing = true;
        }
      }
      try {
        awaitEnd(CLOSE_PAUSE);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Feeds the sink and acknowledges what it made durable. */
  private static final class Feeder
      implements DebeziumEngine.ChangeConsumer<RecordChangeEvent<SourceRecord>> {

    private final Map<String, RowReader> readers = new HashMap<>();
    private final Sink sink;
    private Lsn acknowledged = Lsn.ZERO;
    private AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    Feeder(List<TableShape> shapes, SchemaChange onSchemaChange, Sink sink) {
      this.sink = sink;
      for (TableShape shape : shapes) {
        TableId table = new TableId(null, shape.source().schema(), shape.source().name());
        readers.put(table.toDoubleQuotedString(), new RowReader(shape, onSchemaChange));
      }
    }

    @Override
    public void handleBatch(
        List<RecordChangeEvent<SourceRecord>> events,
        DebeziumEngine.RecordCommitter<RecordChangeEvent<SourceRecord>> committer)
        throws InterruptedException {
      try {
        for (RecordChangeEvent<SourceRecord> event : events) {
          for (SlotMessage message : ((Piece) event.record().value()).messages()) {
            feed(message);
          }
        }
        Lsn durable = sink.flush();
        if (!acknowledged.hasReached(durable)) {
          DebeziumEngine.Offsets offsets = committer.buildOffsets();
          offsets.set(SlotTask.LSN, durable.value());
          committer.markProcessed(events.get(events.size() - 1), offsets);
          acknowledged = durable;
        }
      } catch (InterruptedException e) {
        throw e;
      } catch (Exception e) {
        // The engine wraps errors and sometimes logs over them: keep the first as it is.
        failure.compareAndSet(null, e);
        throw new io.debezium.engine.StopEngineException("the stream cannot go on");
      }
    }

    private void feed(SlotMessage message) throws Exception {
      if (message instanceof SlotMessage.Row row) {
        sink.change(reader(row.relation().table(), row.lsn()).read(row));
      } else if (message instanceof SlotMessage.Begin begin) {
        sink.begin(begin.transaction(), begin.committedAt());
      } else if (message instanceof SlotMessage.Commit commit) {
        sink.commit(commit.end());
      } else if (message instanceof SlotMessage.Truncate all) {
        sink.change(new Change.Truncated(reader(all.table(), all.lsn()).table(), all.lsn()));
      }
    }

    private RowReader reader(String table, Lsn lsn) {
      RowReader reader = readers.get(table);
      if (reader == null) {
        throw RelayException.stop(
            "a change of table "
                + table
                + " arrived at "
                + lsn
                + ", which the stream does not carry",
            "recreate the stream: its publication has been altered");
      }
      return reader;
    }
  }
}
