package dev.ficus.benchmarks;

import dev.ficus.core.FaultPoints;
import dev.ficus.relay.Relay;
import dev.ficus.relay.RelaySettings;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** A relay for two databases, until the process is ended. */
final class RelayProcess {

  private RelayProcess() {}

  public static void main(String[] arguments) throws InterruptedException {
    ContenderArguments databases = ContenderArguments.of(arguments);
    try (Relay relay =
        new Relay(
            Map.of(
                databases.source().name(),
                databases.source(),
                databases.target().name(),
                databases.target()),
            RelaySettings.DEFAULTS,
            FaultPoints.NONE)) {
      relay.start();
      System.out.println("ready");
      new CountDownLatch(1).await();
    }
  }
}
