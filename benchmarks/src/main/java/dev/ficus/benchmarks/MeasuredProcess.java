package dev.ficus.benchmarks;

import dev.ficus.core.manifest.DatabaseAddress;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A contender in a JVM of its own with a fixed heap of 512 MiB and otherwise the launcher's
 * settings.
 *
 * <p>It says {@code ready} once it is, does its work when it is told {@code go}, and says {@code
 * done}.
 */
final class MeasuredProcess implements AutoCloseable {

  private static final List<String> JVM =
      List.of(
          "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xms512m", "-Xmx512m");

  private final Process process;
  private final BufferedReader out;
  private final Path errors;

  private MeasuredProcess(Process process, Path errors) {
    this.process = process;
    this.out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    this.errors = errors;
  }

  /** Starts one and waits until it is ready. */
  static MeasuredProcess start(Class<?> main, DatabaseAddress source, DatabaseAddress target)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(JVM);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(arguments(source));
    command.addAll(arguments(target));
    Path errors = Files.createTempFile("ficus-benchmark", ".log");
    MeasuredProcess started =
        new MeasuredProcess(
            new ProcessBuilder(command).redirectError(errors.toFile()).start(), errors);
    started.await("ready");
    return started;
  }

  private static List<String> arguments(DatabaseAddress address) {
    return List.of(address.url(), address.user(), address.password().reveal());
  }

  /** Lets it work and waits until it is done. */
  void go() throws IOException {
    OutputStream in = process.getOutputStream();
    in.write("go\n".getBytes(StandardCharsets.UTF_8));
    in.flush();
    await("done");
  }

  private void await(String word) throws IOException {
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      if (line.equals(word)) {
        return;
      }
    }
    throw new IOException(
        "a contender's process ended before it was " + word + ": " + Files.readString(errors));
  }

  /** The most memory that it has had so far, in MiB; 0 where the system does not tell. */
  double peakResidentMiB() throws IOException {
    Path status = Path.of("/proc", Long.toString(process.pid()), "status");
    if (!Files.isReadable(status)) {
      return 0;
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1024)
        .findFirst()
        .orElse(0);
  }

  /** Ends it and waits until it is gone. */
  void end() throws InterruptedException {
    process.destroyForcibly();
    if (!process.waitFor(30, TimeUnit.SECONDS)) {
      throw new IllegalStateException("process " + process.pid() + " does not end");
    }
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly().onExit().join();
    Files.deleteIfExists(errors);
  }
}
