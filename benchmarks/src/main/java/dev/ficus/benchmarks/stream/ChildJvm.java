package dev.ficus.benchmarks.stream;

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

/** A Java process on this process's class path with a fixed heap, spoken to in lines. */
final class ChildJvm implements AutoCloseable {

  /** The heap that every contender which is a Java process has. */
  static final int HEAP_MIB = 512;

  private final Process process;
  private final BufferedReader answers;
  private final Writer requests;

  ChildJvm(String mainClass, List<String> arguments) {
    this(mainClass, arguments, "");
  }

  /**
   * @param jars further entries of its class path, behind this process's
   */
  ChildJvm(String mainClass, List<String> arguments, String jars) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx" + HEAP_MIB + "m");
    command.add("-XX:+UseSerialGC");
    command.add("-cp");
    command.add(System.getProperty("java.class.path") + File.pathSeparator + jars);
    command.add(mainClass);
    command.addAll(arguments);
    try {
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      answers = process.inputReader(StandardCharsets.UTF_8);
      requests = process.outputWriter(StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("starting " + mainClass + " failed", e);
    }
  }

  void say(String line) {
    try {
      requests.write(line + "\n");
      requests.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("the process has ended", e);
    }
  }

  /** Reads its output until this line. */
  void await(String line) {
    try {
      String answer = answers.readLine();
      while (!line.equals(answer)) {
        if (answer == null) {
          throw new IllegalStateException("the process ended before it said \"" + line + "\"");
        }
        answer = answers.readLine();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("reading from the process failed", e);
    }
  }

  /** Its peak resident memory so far, in MiB; Linux only, 0 elsewhere. */
  long peakResidentMib() {
    try {
      return Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
          .filter(line -> line.startsWith("VmHWM:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0;
    }
  }

  /** Ends it: it ends by itself when its input does. */
  @Override
  public void close() {
    try {
      requests.close();
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      process.destroyForcibly();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
