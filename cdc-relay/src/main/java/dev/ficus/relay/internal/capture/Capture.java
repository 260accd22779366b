package dev.ficus.relay.internal.capture;

import dev.ficus.core.Lsn;
import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.postgres.StreamRow;
import dev.ficus.relay.RelaySettings;
import dev.ficus.relay.internal.ddl.Addition;
import dev.ficus.relay.internal.ddl.DdlWatch;
import dev.ficus.relay.internal.shape.TableShape;
import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
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

  /** Shorter than whoever drops the slot is patient. */
  private static final Duration CLOSE_DEADLINE = Duration.ofSeconds(20);

  /** How long an engine that was closed is given to end by itself. */
  private static final Duration CLOSE_GRACE = Duration.ofSeconds(1);

  private final DebeziumEngine<RecordChangeEvent<SourceRecord>> engine;
  private final Thread thread;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final AtomicReference<@Nullable Throwable> failure;

  Capture(
      String name,
      DebeziumEngine.Builder<RecordChangeEvent<SourceRecord>> builder,
      AtomicReference<@Nullable Throwable> failure) {
    this.failure = failure;
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
     * The source has added columns or partitions: rows of before have the old shape, and those
     * after the new.
     */
    void add(Addition addition) throws Exception;

    /**
     * It is whole.
     *
     * @param end the end of its commit record
     */
    void commit(Lsn end) throws Exception;

    /**
     * Nothing more is at hand: writes what is whole.
     *
     * @return as {@link #durable} does
     */
    Lsn flush() throws Exception;

    /** Up to which commit it is durable: only this is acknowledged to the slot (rule R4). */
    Lsn durable() throws Exception;
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
      DdlWatch ddl,
      RelaySettings settings,
      Sink sink) {
    // Of its own for each engine: those of one process share a registry of metrics by this name,
    // and
    // one that finds its name taken, even by an engine that is ending, waits a minute.
    String prefix = row.slot() + "_" + Long.toHexString(System.nanoTime());
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    Capture capture =
        new Capture(
            row.name().value(),
            DebeziumEngine.create(ChangeEventFormat.of(Connect.class))
                .using(EngineProperties.of(row, from, source, prefix, settings))
                .notifying(new Feeder(row, shapes, ddl, sink, failure)),
            failure);
    capture.begin();
    return capture;
  }

  void begin() {
    thread.start();
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

  /**
   * Ends the engine and waits until its connections are closed.
   *
   * <p>An engine that is closed at the moment it begins to poll can throw away, unrun, the very
   * task whose end it waits for. Its tasks are stopped by then, so it is woken after a while.
   */
  @Override
  public void close() {
    long deadline = System.nanoTime() + CLOSE_DEADLINE.toNanos();
    boolean closing = false;
    long wokenAt = 0;
    boolean interrupted = false;
    while (ended.getCount() > 0 && System.nanoTime() < deadline) {
      if (!closing) {
        try {
          engine.close();
          closing = true;
          wokenAt = System.nanoTime();
        } catch (IllegalStateException e) {
          // It refuses while its tasks start and while it is closing: ask again.
          LockSupport.parkNanos(CLOSE_PAUSE.toNanos());
        } catch (IOException e) {
          failure.compareAndSet(null, e);
          closing = true;
          wokenAt = System.nanoTime();
        }
      } else if (System.nanoTime() - wokenAt > CLOSE_GRACE.toNanos()) {
        thread.interrupt();
        wokenAt = System.nanoTime();
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
}
