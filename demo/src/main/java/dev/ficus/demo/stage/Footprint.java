package dev.ficus.demo.stage;

import dev.ficus.core.DaemonThreads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How much memory the demo occupies: this process, all below it, and the servers. It measures every
 * second on a thread of its own, from before the servers start until it is closed.
 */
public final class Footprint implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Footprint.class);

  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(DaemonThreads.named("footprint"));

  private final Path data;
  private OptionalLong peakBytes = OptionalLong.empty();

  /**
   * @param data the folder that holds one data folder for each server
   */
  Footprint(Path data) {
    this.data = data;
  }

  /**
   * Measures now: resident memory, shared pages counted once (the kernel's proportional set size).
   * Empty where the kernel does not tell.
   */
  OptionalLong measure() {
    long total = 0;
    boolean known = false;
    for (long pid : pids()) {
      OptionalLong bytes = proportional(pid);
      if (bytes.isPresent()) {
        known = true;
        total += bytes.getAsLong();
      }
    }
    if (!known) {
      return OptionalLong.empty();
    }
    synchronized (this) {
      peakBytes = OptionalLong.of(Math.max(peakBytes.orElse(0), total));
    }
    return OptionalLong.of(total);
  }

  void start() {
    timer.scheduleWithFixedDelay(this::sample, 0, 1, TimeUnit.SECONDS);
  }

  private void sample() {
    try {
      OptionalLong unused = measure();
    } catch (RuntimeException e) {
      // Processes and files come and go under the measurement.
      LOG.debug("a measurement of memory failed", e);
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }

  /** The most that any measurement found; empty where the kernel does not tell. */
  public synchronized OptionalLong peakBytes() {
    return peakBytes;
  }

  private List<Long> pids() {
    List<Long> pids = new ArrayList<>();
    addTree(ProcessHandle.current(), pids);
    // PostgreSQL's servers detach themselves from the process that starts them.
    postmasters(data).forEach(process -> addTree(process, pids));
    return pids;
  }

  /** The servers' first processes, as far as their data folders name them. */
  static List<ProcessHandle> postmasters(Path data) {
    try (Stream<Path> folders = Files.list(data)) {
      return folders
          .flatMap(folder -> postmaster(folder.resolve("postmaster.pid")).stream())
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("listing the servers' folders failed", e);
    }
  }

  private static void addTree(ProcessHandle root, List<Long> pids) {
    pids.add(root.pid());
    root.descendants().forEach(process -> pids.add(process.pid()));
  }

  private static Optional<ProcessHandle> postmaster(Path file) {
    try (Stream<String> lines = Files.lines(file, StandardCharsets.US_ASCII)) {
      return lines
          .findFirst()
          .map(String::strip)
          .filter(Footprint::isNumber)
          .map(Long::parseLong)
          .flatMap(ProcessHandle::of);
    } catch (IOException notRunning) {
      return Optional.empty();
    }
  }

  /** A server that starts has the file before its content. */
  private static boolean isNumber(String line) {
    return line.matches("[0-9]{1,10}");
  }

  private static OptionalLong proportional(long pid) {
    Path file = Path.of("/proc/" + pid + "/smaps_rollup");
    try (Stream<String> lines = Files.lines(file, StandardCharsets.US_ASCII)) {
      return lines
          .filter(line -> line.startsWith("Pss:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .findFirst();
    } catch (IOException | UncheckedIOException goneOrUnreadable) {
      return OptionalLong.empty();
    }
  }
}
