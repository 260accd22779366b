package dev.ficus.control.cli;

import dev.ficus.control.Progress;
import dev.ficus.core.FicusException;
import dev.ficus.core.GroupName;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Shows a command's steps: each as it ends, and one that takes long while it runs. On a terminal
 * the running step stands in the last line; elsewhere a line says so from time to time.
 */
final class RunningSteps implements Consumer<Progress>, AutoCloseable {

  private static final Duration TICK = Duration.ofMillis(500);
  private static final String CLEAR_LINE = "\r\033[K";

  private final PrintWriter err;
  private final boolean terminal;
  private final Duration patience;
  private final Duration pause;
  private final Function<GroupName, String> detail;
  private final ScheduledExecutorService clock;
  private @Nullable Running running;

  private record Running(Progress step, long begun, long shown) {}

  /**
   * @param terminal whether lines can be rewritten in place
   * @param patience how long a step may take before it is shown where they cannot
   * @param pause after which it is shown again
   * @param detail what is known of a group's progress; it may read databases
   */
  RunningSteps(
      PrintWriter err,
      boolean terminal,
      Duration patience,
      Duration pause,
      Function<GroupName, String> detail) {
    this.err = err;
    this.terminal = terminal;
    this.patience = patience;
    this.pause = pause;
    this.detail = detail;
    this.clock =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "ficus-running-steps");
              thread.setDaemon(true);
              return thread;
            });
    long tick = Math.min(TICK.toMillis(), patience.toMillis());
    clock.scheduleWithFixedDelay(this::tick, tick, tick, TimeUnit.MILLISECONDS);
  }

  @Override
  public synchronized void accept(Progress progress) {
    if (progress instanceof Progress.Started) {
      long now = System.nanoTime();
      running = new Running(progress, now, now);
      return;
    }
    running = null;
    if (progress instanceof Progress.Done done) {
      line(Text.duration(done.took()), done.title());
    } else if (progress instanceof Progress.Failed failed) {
      line(Text.duration(failed.took()), failed.title() + ": failed");
    }
  }

  private void line(String took, String text) {
    err.printf("%s  %8s  %s%n", terminal ? CLEAR_LINE : "", took, text);
    err.flush();
  }

  private void tick() {
    Optional<Running> due = due();
    if (due.isEmpty()) {
      return;
    }
    // Asked without the lock: a database that does not answer must not keep the command waiting.
    String known = known(due.get().step().group());
    show(due.get(), known);
  }

  private synchronized Optional<Running> due() {
    Running now = running;
    if (now == null) {
      return Optional.empty();
    }
    long at = System.nanoTime();
    boolean first = now.shown() == now.begun();
    Duration silent = first && !terminal ? patience : terminal ? TICK : pause;
    return at - now.shown() < silent.toNanos() ? Optional.empty() : Optional.of(now);
  }

  private String known(GroupName group) {
    try {
      return detail.apply(group);
    } catch (FicusException e) {
      return "";
    }
  }

  private synchronized void show(Running due, String known) {
    Running still = running;
    if (still == null || still.begun() != due.begun()) {
      return;
    }
    long now = System.nanoTime();
    running = new Running(due.step(), due.begun(), now);
    String took = Text.duration(Duration.ofNanos(now - due.begun()));
    String text = due.step().title() + (known.isEmpty() ? "" : "; " + known);
    if (terminal) {
      err.printf("%s  %8s  %s …", CLEAR_LINE, took, text);
      err.flush();
    } else {
      line(took, text + "; still running");
    }
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
