package dev.ficus.demo.stage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** How much memory the demo occupies: this process, all below it, and the servers. */
public final class Footprint {

  private final Path data;
  private long peakBytes;

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
  public OptionalLong measure() {
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
      peakBytes = Math.max(peakBytes, total);
    }
    return OptionalLong.of(total);
  }

  /** The most that any measurement found. */
  public synchronized long peakBytes() {
    return peakBytes;
  }

  private List<Long> pids() {
    List<Long> pids = new ArrayList<>();
    addTree(ProcessHandle.current(), pids);
    // PostgreSQL's servers detach themselves from the process that starts them.
    try (Stream<Path> folders = Files.list(data)) {
      folders
          .map(folder -> folder.resolve("postmaster.pid"))
          .forEach(file -> postmaster(file).ifPresent(process -> addTree(process, pids)));
    } catch (IOException e) {
      throw new UncheckedIOException("listing the servers' folders failed", e);
    }
    return pids;
  }

  private static void addTree(ProcessHandle root, List<Long> pids) {
    pids.add(root.pid());
    root.descendants().forEach(process -> pids.add(process.pid()));
  }

  private static Optional<ProcessHandle> postmaster(Path file) {
    try (Stream<String> lines = Files.lines(file, StandardCharsets.US_ASCII)) {
      return lines.findFirst().map(String::strip).map(Long::parseLong).flatMap(ProcessHandle::of);
    } catch (IOException notRunning) {
      return Optional.empty();
    }
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
