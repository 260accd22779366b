package dev.ficus.relay;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.core.manifest.Secret;
import dev.ficus.postgres.Database;
import java.io.File;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A relay in a process of its own, so that a test can kill it as SIGKILL does. */
final class RelayProcess implements AutoCloseable {

  private static final RelaySettings SETTINGS =
      new RelaySettings(
              Duration.ofMillis(20),
              Duration.ofMillis(2),
              Duration.ofMillis(500),
              Duration.ofMillis(50),
              Duration.ofSeconds(1),
              64,
              500,
              1 << 26)
          .withCopy(3, 256 * 1024);

  private static final String DIRECT = "direct";

  /** For a process that lives for seconds, which no better compiler and no verifier pay for. */
  private static final List<String> SHORT_LIVED =
      List.of(
          "-XX:TieredStopAtLevel=1",
          "-XX:+UnlockDiagnosticVMOptions",
          "-XX:-BytecodeVerificationRemote",
          "-XX:+UseSerialGC",
          "-Xmx192m",
          "-Duser.timezone=Pacific/Chatham");

  private final Process process;

  private RelayProcess(Process process) {
    this.process = process;
  }

  /**
   * Has a relay copy and stream for the two databases until it has loaded its classes, so that the
   * ones after it start sooner.
   */
  static void recordClasses(TwoSides sides, File log) throws IOException, InterruptedException {
    ClassData data = ClassData.ofThisProcess();
    if (!data.isRecorded()) {
      try (RelayProcess relay =
          start(sides, log, sides.target.address().url(), data.recordAtExit())) {
        sides.awaitStreaming();
        sides.awaitCaughtUp();
        relay.process.destroy();
        relay.awaitEnd();
      }
    }
  }

  /** Starts a relay for the two databases; it logs into the file. */
  static RelayProcess start(TwoSides sides, File log) throws IOException {
    return start(sides, log, sides.target.address().url());
  }

  /** Starts one that commits its positions apart from their changes. */
  static RelayProcess startBroken(TwoSides sides, File log) throws IOException {
    return start(sides, log, PositionApartDriver.url(sides.target.address().url()));
  }

  private static RelayProcess start(TwoSides sides, File log, String targetUrl) throws IOException {
    return start(sides, log, targetUrl, ClassData.ofThisProcess().share());
  }

  private static RelayProcess start(
      TwoSides sides, File log, String targetUrl, List<String> classData) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(SHORT_LIVED);
    command.addAll(classData);
    String logback = System.getProperty("logback.configurationFile");
    if (logback != null) {
      command.add("-Dlogback.configurationFile=" + logback);
    }
    command.addAll(
        List.of("-cp", ClassData.ofThisProcess().classPath(), RelayProcess.class.getName()));
    command.add(sides.kafka().map(KafkaCluster::bootstrapServers).orElse(DIRECT));
    command.addAll(arguments(sides.source, sides.source.address().url()));
    command.addAll(arguments(sides.target, targetUrl));
    return new RelayProcess(
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
            .start());
  }

  private static List<String> arguments(Database database, String url) {
    return List.of(
        database.name(), url, database.address().user(), database.address().password().reveal());
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Kills it with SIGKILL and waits until it is gone. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    awaitEnd();
  }

  private void awaitEnd() throws InterruptedException {
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      throw new IllegalStateException("process " + process.pid() + " does not end");
    }
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }

  /** Runs the relay until the process is killed. */
  public static void main(String[] arguments) throws Exception {
    PositionApartDriver.register();
    Relay relay =
        new Relay(
            Map.of(arguments[1], database(arguments, 1), arguments[5], database(arguments, 5)),
            SETTINGS,
            RelayWatch.plain(),
            Optional.of(arguments[0])
                .filter(brokers -> !brokers.equals(DIRECT))
                .map(KafkaCluster::of)
                .map(RelayKafka::of),
            FaultPoints.NONE);
    relay.start();
    new CountDownLatch(1).await();
  }

  private static Database database(String[] arguments, int first) {
    return new Database(
        arguments[first],
        new DatabaseAddress(
            arguments[first + 1], arguments[first + 2], new Secret(arguments[first + 3])));
  }
}
