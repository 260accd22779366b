package dev.ficus.benchmarks.stream;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.core.manifest.Secret;
import dev.ficus.postgres.Database;
import dev.ficus.relay.Relay;
import dev.ficus.relay.RelaySettings;
import java.io.IOException;
import java.util.Map;

/** A relay between two databases, until its input ends. */
public final class RelayMain {

  private RelayMain() {}

  /**
   * Runs it.
   *
   * @param arguments the URLs of source and target
   */
  public static void main(String[] arguments) throws IOException {
    Database source = new Database(Database.SHARED, address(arguments[0]));
    Database target = new Database("target", address(arguments[1]));
    try (Relay relay =
        new Relay(
            Map.of(source.name(), source, target.name(), target),
            RelaySettings.DEFAULTS,
            FaultPoints.NONE)) {
      relay.start();
      while (System.in.read() >= 0) {
        // Until the end.
      }
    }
  }

  static DatabaseAddress address(String url) {
    return new DatabaseAddress(url, "postgres", new Secret(""));
  }
}
