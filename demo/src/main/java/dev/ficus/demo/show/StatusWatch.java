package dev.ficus.demo.show;

import dev.ficus.control.ControlPlane;
import dev.ficus.control.GroupStatus;
import dev.ficus.core.DaemonThreads;
import dev.ficus.core.FicusException;
import dev.ficus.demo.stage.Stage;
import dev.ficus.demo.traffic.Ledger;
import dev.ficus.demo.traffic.Meter;
import dev.ficus.demo.traffic.Traffic;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Looks every second, and renews the panel. */
public final class StatusWatch implements AutoCloseable {

  private final ControlPlane control;
  private final Traffic traffic;
  private final Ledger ledger;
  private final Stage stage;
  private final Display display;
  private final Panel panel = new Panel();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(DaemonThreads.named("status-watch"));

  public StatusWatch(
      ControlPlane control, Traffic traffic, Ledger ledger, Stage stage, Display display) {
    this.control = control;
    this.traffic = traffic;
    this.ledger = ledger;
    this.stage = stage;
    this.display = display;
  }

  /** Begins. */
  public void start() {
    timer.scheduleWithFixedDelay(this::look, 1, 1, TimeUnit.SECONDS);
  }

  private void look() {
    stage.footprint().measure();
    Meter.Reading reading = traffic.meter().read();
    long acknowledged = ledger.acknowledgedWrites();
    try {
      List<GroupStatus> groups = control.status();
      display.panel(
          panel.lines(groups, reading, acknowledged, display.columns()),
          panel.line(groups, reading, acknowledged));
    } catch (FicusException e) {
      // A glance may meet a database in the middle of a step; the next one comes in a second.
      String line = "status: " + String.valueOf(e.getMessage()).replaceAll("\\s+", " ");
      display.panel(List.of(line), line);
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
