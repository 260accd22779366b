package dev.ficus.demo.show;

import dev.ficus.control.GroupStatus;
import dev.ficus.core.DaemonThreads;
import dev.ficus.demo.traffic.Meter;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks every second, and renews the panel. A look that fails leaves the last panel where it is: it
 * may have met a database in the middle of a step, and the next one comes in a second.
 */
public final class StatusWatch implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(StatusWatch.class);

  private final Supplier<List<GroupStatus>> status;
  private final Supplier<Meter.Reading> traffic;
  private final LongSupplier acknowledged;
  private final Display display;
  private final Panel panel = new Panel();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(DaemonThreads.named("status-watch"));

  /**
   * @param status where all groups stand
   * @param traffic the customers' counts
   * @param acknowledged how many writes were acknowledged
   */
  public StatusWatch(
      Supplier<List<GroupStatus>> status,
      Supplier<Meter.Reading> traffic,
      LongSupplier acknowledged,
      Display display) {
    this.status = status;
    this.traffic = traffic;
    this.acknowledged = acknowledged;
    this.display = display;
  }

  /** Begins. */
  public void start() {
    timer.scheduleWithFixedDelay(this::look, 1, 1, TimeUnit.SECONDS);
  }

  /** Throws nothing: a scheduled task that throws is not run again, and nobody is told. */
  void look() {
    try {
      List<GroupStatus> groups = status.get();
      Meter.Reading reading = traffic.get();
      long writes = acknowledged.getAsLong();
      display.panel(
          panel.lines(groups, reading, writes, display.columns()),
          panel.line(groups, reading, writes));
    } catch (RuntimeException e) {
      LOG.debug("a look at the groups failed; the panel stays as it is", e);
    }
  }

  @Override
  public void close() {
    timer.shutdown();
    try {
      if (!timer.awaitTermination(10, TimeUnit.SECONDS)) {
        timer.shutdownNow();
      }
    } catch (InterruptedException e) {
      timer.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
