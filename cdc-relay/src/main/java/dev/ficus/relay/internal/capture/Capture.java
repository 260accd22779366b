package dev.ficus.relay.internal.capture;

import dev.ficus.core.Lsn;
import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.postgres.StreamRow;
import dev.ficus.relay.RelaySettings;
import dev.ficus.relay.internal.shape.TableShape;
import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
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

  /** Receives whole transactions in commit order. */
  @FunctionalInterface
  public interface Sink {

    /**
     * Takes transactions and commits what it can of them and of earlier ones.
     *
     * @param transactions in commit order, possibly none
     * @return up to which commit the target is durable, or empty where that has not moved: only
     *     this is acknowledged to the slot (rule R4)
     * @throws Exception if the stream cannot go on: the capture ends with it
     */
    Optional<Lsn> take(List<SourceTransaction> transactions) throws Exception;
  }

  /** Starts an engine that feeds the sink, on threads of its own. */
  public static Capture start(
      StreamRow row,
      DatabaseAddress source,
      List<TableShape> shapes,
      SchemaChange onSchemaChange,
      RelaySettings settings,
      Sink sink) {
    // Of its own for each engine: those of one process share a registry of metrics by this name,
    // and
    // one that finds its name taken, even by an engine that is ending, waits a minute.
    String prefix = row.slot() + "_" + Long.toHexString(System.nanoTime());
    TransactionAssembler assembler =
        new TransactionAssembler(prefix, shapes, onSchemaChange, settings);
    Acknowledger consumer = new Acknowledger(assembler, sink);
    Capture capture =
        new Capture(
            row.name().value(),
            DebeziumEngine.create(ChangeEventFormat.of(Connect.class))
                .using(EngineProperties.of(row, source, shapes, prefix, settings))
                .notifying(consumer));
    consumer.failure = capture.failure;
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
  private static final class Acknowledger
      implements DebeziumEngine.ChangeConsumer<RecordChangeEvent<SourceRecord>> {

    private final TransactionAssembler assembler;
    private final Sink sink;
    private final java.util.ArrayDeque<Ending> unacknowledged = new java.util.ArrayDeque<>();
    private AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    private record Ending(Lsn commit, RecordChangeEvent<SourceRecord> event) {}

    Acknowledger(TransactionAssembler assembler, Sink sink) {
      this.assembler = assembler;
      this.sink = sink;
    }

    @Override
    public void handleBatch(
        List<RecordChangeEvent<SourceRecord>> events,
        DebeziumEngine.RecordCommitter<RecordChangeEvent<SourceRecord>> committer)
        throws InterruptedException {
      try {
        List<SourceTransaction> transactions = new java.util.ArrayList<>();
        for (RecordChangeEvent<SourceRecord> event : events) {
          Optional<SourceTransaction> whole = assembler.take(event.record());
          if (whole.isPresent()) {
            transactions.add(whole.get());
            unacknowledged.add(new Ending(whole.get().commit(), event));
          }
        }
        Optional<Lsn> durable = sink.take(transactions);
        if (durable.isPresent()) {
          acknowledge(durable.get(), committer);
        }
      } catch (InterruptedException e) {
        throw e;
      } catch (Exception e) {
        // The engine wraps errors and sometimes logs over them: keep the first as it is.
        failure.compareAndSet(null, e);
        throw new io.debezium.engine.StopEngineException("the stream cannot go on");
      }
    }

    private void acknowledge(
        Lsn durable, DebeziumEngine.RecordCommitter<RecordChangeEvent<SourceRecord>> committer)
        throws InterruptedException {
      RecordChangeEvent<SourceRecord> last = null;
      while (!unacknowledged.isEmpty() && durable.hasReached(unacknowledged.peek().commit())) {
        last = unacknowledged.remove().event();
      }
      if (last != null) {
        committer.markProcessed(last);
        committer.markBatchFinished();
      }
    }
  }
}
