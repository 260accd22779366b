package dev.ficus.relay.internal.supervise;

import dev.ficus.core.DaemonThreads;
import dev.ficus.postgres.StreamTopic;
import dev.ficus.relay.internal.kafka.TopicPlace;
import dev.ficus.relay.internal.kafka.Topics;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;

/**
 * Looks now and then whether the stream still reads its topic, and whether that is as it was made:
 * what is deleted or cut off sends nothing, and an idle topic neither. Brokers that are busy take
 * their time to answer, so it does this on a thread of its own.
 */
final class TopicWatch implements AutoCloseable {

  private static final Duration INTERVAL = Duration.ofSeconds(1);

  private final RunContext run;
  private final Admin admin;
  private final StreamTopic topic;
  private final TopicPlace place;
  private final Connection watching;
  private final AtomicReference<@Nullable Throwable> found = new AtomicReference<>();
  private final ScheduledExecutorService thread;

  private TopicWatch(
      RunContext run, Admin admin, StreamTopic topic, TopicPlace place, Connection watching) {
    this.run = run;
    this.admin = admin;
    this.topic = topic;
    this.place = place;
    this.watching = watching;
    this.thread =
        Executors.newSingleThreadScheduledExecutor(
            DaemonThreads.named("ficus-watch-" + run.stream().name()));
  }

  /**
   * Begins to look.
   *
   * @param watching a connection to the target that nothing else uses
   */
  static TopicWatch start(
      RunContext run, Admin admin, StreamTopic topic, TopicPlace place, Connection watching) {
    TopicWatch watch = new TopicWatch(run, admin, topic, place, watching);
    watch.thread.scheduleWithFixedDelay(
        watch::look, INTERVAL.toMillis(), INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
    return watch;
  }

  private void look() {
    try {
      place.verify(watching);
      Topics.verify(admin, run.stream(), topic);
    } catch (SQLException | RuntimeException | Error e) {
      found.compareAndSet(null, e);
    }
  }

  /**
   * Returns if nothing was wrong at the last look.
   *
   * @throws Exception what was
   */
  void verify() throws Exception {
    Throwable wrong = found.get();
    if (wrong instanceof Error error) {
      throw error;
    } else if (wrong instanceof Exception exception) {
      throw exception;
    }
  }

  /** A look that is under way ends with the connection that it uses. */
  @Override
  public void close() {
    thread.shutdownNow();
  }
}
