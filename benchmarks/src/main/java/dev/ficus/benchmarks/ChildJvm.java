package dev.ficus.benchmarks;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A contender as a Java process of its own, on this process's class path and with a fixed heap; it
 * is spoken to in lines, and ends when its input does.
 */
public final class ChildJvm implements AutoCloseable {

  /** The heap of each. */
  public static final int HEAP_MIB = 512;

  private final Process process;
  private final BufferedReader answers;
  private final Writer requests;
  private final Path errors;

  private ChildJvm(Process process, Path errors) {
    this.process = process;
    this.answers = process.inputReader(StandardCharsets.UTF_8);
    this.requests = process.outputWriter(StandardCharsets.UTF_8);
    this.errors = errors;
  }

  /** Starts one. */
  public static ChildJvm start(Class<?> main, List<String> arguments) {
    return start(main, arguments, "");
  }

  /**
   * Starts one.
   *
   * @param jars further entries of its class path, behind this process's
   */
  public static ChildJvm start(Class<?> main, List<String> arguments, String jars) {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    // As a relay is started by ./ficus.
    command.addAll(List.of("-XX:+UseParallelGC", "-Xshare:auto"));
    command.addAll(List.of("-Xms" + HEAP_MIB + "m", "-Xmx" + HEAP_MIB + "m"));
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path") + File.pathSeparator + jars));
    command.add(main.getName());
    command.addAll(arguments);
    try {
      Path errors = Files.createTempFile("ficus-benchmark", ".log");
      return new ChildJvm(
          new ProcessBuilder(command).redirectError(errors.toFile()).start(), errors);
    } catch (IOException e) {
      throw new UncheckedIOException("starting " + main.getName() + " failed", e);
    }
  }

  /** Sends it a line. */
  public void say(String line) {
    try {
      requests.write(line + "\n");
      requests.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("a contender's process has ended: " + logged(), e);
    }
  }

  /** Reads its output until this line. */
  public void await(String line) {
    try {
      String answer = answers.readLine();
      while (!line.equals(answer)) {
        if (answer == null) {
          throw new IllegalStateException(
              "a contender's process ended before it said \"" + line + "\": " + logged());
        }
        answer = answers.readLine();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("reading from a contender's process failed", e);
    }
  }

  /** Reads its output until a line that begins so, and returns the rest of it. */
  public String awaitAfter(String beginning) {
    try {
      String answer = answers.readLine();
      while (answer == null || !answer.startsWith(beginning)) {
        if (answer == null) {
          throw new IllegalStateException(
              "a contender's process ended before it said \"" + beginning + "…\": " + logged());
        }
        answer = answers.readLine();
      }
      return answer.substring(beginning.length());
    } catch (IOException e) {
      throw new UncheckedIOException("reading from a contender's process failed", e);
    }
  }

  /** Throws if it has ended. */
  public void requireAlive() {
    if (!process.isAlive()) {
      throw new IllegalStateException("a contender's process has ended: " + logged());
    }
  }

  /** It as a process. */
  public ProcessHandle process() {
    return process.toHandle();
  }

  private String logged() {
    try {
      return Files.readString(errors);
    } catch (IOException e) {
      return "(its log cannot be read: " + e.getMessage() + ")";
    }
  }

  /** The most memory that it has had so far, in MiB; 0 where the system does not tell. */
  public double peakResidentMiB() {
    Path status = Path.of("/proc", Long.toString(process.pid()), "status");
    try {
      return Files.readAllLines(status).stream()
          .filter(line -> line.startsWith("VmHWM:"))
          .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1024)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0;
    }
  }

  /** Ends it at once and waits until it is gone. */
  void kill() {
    process.destroyForcibly().onExit().join();
  }

  /** Ends its input, and after a while the process. */
  @Override
  public void close() {
    try {
      requests.close();
      process.waitFor(20, TimeUnit.SECONDS);
    } catch (IOException e) {
      // It has ended by itself.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    kill();
    errors.toFile().delete();
  }
}
