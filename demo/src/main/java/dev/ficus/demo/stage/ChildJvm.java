package dev.ficus.demo.stage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A Java process on this process's class path. It ends with this process: its standard input is a
 * pipe that it watches.
 */
final class ChildJvm implements AutoCloseable {

  private final String name;
  private final Process process;
  private final Path log;

  private ChildJvm(String name, Process process, Path log) {
    this.name = name;
    this.process = process;
    this.log = log;
  }

  /**
   * Starts one.
   *
   * @param name for people, and for its log
   * @param heapMegabytes its heap at most
   * @param mainClass its main class
   * @param arguments for the main class
   * @param logs the folder for its log
   */
  static ChildJvm start(
      String name, int heapMegabytes, String mainClass, List<String> arguments, Path logs) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx" + heapMegabytes + "m");
    command.add("-Xss512k");
    command.add("-XX:+UseSerialGC");
    // Short runs: the second compiler would cost more than it saves, in time and in memory.
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-Dfile.encoding=UTF-8");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(mainClass);
    command.addAll(arguments);
    Path log = logs.resolve(name + ".log");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .redirectInput(ProcessBuilder.Redirect.PIPE)
              .start();
      return new ChildJvm(name, process, log);
    } catch (IOException e) {
      throw new UncheckedIOException("starting process " + name + " failed", e);
    }
  }

  String name() {
    return name;
  }

  long pid() {
    return process.pid();
  }

  /** Throws, with the end of its log, if the process is gone. */
  void requireAlive() {
    if (!process.isAlive()) {
      throw new IllegalStateException(
          "process "
              + name
              + " ended with exit code "
              + process.exitValue()
              + "; the end of "
              + log
              + ":\n"
              + tail());
    }
  }

  private String tail() {
    try {
      List<String> lines = Files.readAllLines(log, StandardCharsets.UTF_8);
      return String.join("\n", lines.subList(Math.max(0, lines.size() - 30), lines.size()));
    } catch (IOException e) {
      return "(unreadable: " + e.getMessage() + ")";
    }
  }

  /** Asks it to end. */
  void end() {
    process.destroy();
  }

  /** Ends it, by force if it does not end by itself in five seconds. */
  @Override
  public void close() {
    end();
    try {
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
