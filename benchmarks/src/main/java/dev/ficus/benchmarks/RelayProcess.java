package dev.ficus.benchmarks;

import dev.ficus.core.FaultPoints;
import dev.ficus.postgres.Database;
import dev.ficus.relay.Relay;
import dev.ficus.relay.RelaySettings;
import java.io.IOException;
import java.util.Map;

/** A relay for two databases, until its input ends. */
public final class RelayProcess {

  private RelayProcess() {}

  /**
   * Runs it.
   *
   * @param arguments what {@link ContenderArguments#of(Database, Database)} makes
   */
  public static void main(String[] arguments) throws IOException {
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
      while (System.in.read() >= 0) {
        // Until the end.
      }
    }
  }
}
