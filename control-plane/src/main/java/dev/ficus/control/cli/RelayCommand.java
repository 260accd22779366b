package dev.ficus.control.cli;

import dev.ficus.control.internal.relay.RunningRelay;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.manifest.Manifest;
import dev.ficus.relay.RelayRole;
import java.net.InetSocketAddress;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "relay",
    description = {
      "Runs the streams of all databases of the manifest until it is told to end (SIGTERM).",
      "It may be killed at any instant; several may run, each stream is carried by one."
    })
final class RelayCommand extends ControlCommand {

  enum LogFormat {
    TEXT,
    JSON
  }

  /** The halves of a stream over Kafka. */
  enum Half {
    PUBLISH(RelayRole.PUBLISH),
    APPLY(RelayRole.APPLY);

    private final RelayRole role;

    Half(RelayRole role) {
      this.role = role;
    }
  }

  @Option(
      names = "--only",
      paramLabel = "HALF",
      description = {
        "Of streams over Kafka, run one half: publish or apply; another relay runs the other.",
        "Streams that travel directly, and copies, are run by whoever applies."
      })
  private @Nullable Half only;

  @Option(
      names = "--metrics-port",
      paramLabel = "PORT",
      description = "Serve /metrics (Prometheus) and /health there; 0 takes a free port.")
  private @Nullable Integer metricsPort;

  @Option(
      names = "--metrics-host",
      paramLabel = "HOST",
      defaultValue = "127.0.0.1",
      description = "The address that metrics are served at; default: ${DEFAULT-VALUE}.")
  private String metricsHost = "127.0.0.1";

  @Option(
      names = "--log-format",
      paramLabel = "FORMAT",
      defaultValue = "text",
      description = "How the log is written, text or json; default: ${DEFAULT-VALUE}.")
  private LogFormat logFormat = LogFormat.TEXT;

  @Override
  public Integer call() throws InterruptedException {
    if (System.getProperty("ficus.log") == null) {
      System.setProperty("ficus.log", "INFO");
    }
    if (logFormat == LogFormat.JSON) {
      FicusCli.logAsJson();
    }
    Manifest manifest = manifest();
    Set<RelayRole> roles = only == null ? EnumSet.allOf(RelayRole.class) : EnumSet.of(only.role);
    if (only == Half.PUBLISH && manifest.kafka().isEmpty()) {
      throw new FicusException(
          ErrorKind.USAGE,
          "a relay that only publishes has nothing to do: the manifest has no section kafka",
          "leave --only away, or add the section");
    }
    Optional<InetSocketAddress> metrics =
        Optional.ofNullable(metricsPort).map(port -> new InetSocketAddress(metricsHost, port));
    CountDownLatch end = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    Thread onTerm =
        new Thread(
            () -> {
              end.countDown();
              try {
                ended.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "ficus-relay-end");
    Runtime.getRuntime().addShutdownHook(onTerm);
    try (RunningRelay relay = RunningRelay.start(manifest, roles, metrics)) {
      out().println("relay runs for " + relay.databases() + "; end it with SIGTERM");
      relay
          .metricsPort()
          .ifPresent(
              port -> out().println("metrics at http://" + metricsHost + ":" + port + "/metrics"));
      out().flush();
      end.await();
    } finally {
      ended.countDown();
    }
    return 0;
  }
}
