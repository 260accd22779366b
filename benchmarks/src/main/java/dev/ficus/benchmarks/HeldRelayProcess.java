package dev.ficus.benchmarks;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.core.manifest.Secret;
import dev.ficus.postgres.Database;
import dev.ficus.relay.Relay;
import dev.ficus.relay.RelayKafka;
import dev.ficus.relay.RelaySettings;
import dev.ficus.relay.RelayWatch;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A relay that runs from a line {@code release} to a line {@code hold}: while it is held, neither
 * its capture nor its apply gets ahead.
 */
public final class HeldRelayProcess {

  private HeldRelayProcess() {}

  /** Its arguments: the brokers or nothing, the source, and its targets. */
  public static List<String> arguments(String brokers, Database source, List<Database> targets) {
    List<String> arguments = new ArrayList<>();
    arguments.add(brokers);
    List<Database> all = new ArrayList<>(List.of(source));
    all.addAll(targets);
    for (Database database : all) {
      arguments.add(database.name());
      arguments.add(database.address().url());
      arguments.add(database.address().user());
      arguments.add(database.address().password().reveal());
    }
    return arguments;
  }

  /**
   * Runs it.
   *
   * @param arguments what {@link #arguments} makes
   */
  public static void main(String[] arguments) throws IOException {
    Map<String, Database> databases = new LinkedHashMap<>();
    for (int i = 1; i < arguments.length; i += 4) {
      databases.put(
          arguments[i],
          new Database(
              arguments[i],
              new DatabaseAddress(
                  arguments[i + 1], arguments[i + 2], new Secret(arguments[i + 3]))));
    }
    Optional<RelayKafka> kafka =
        Optional.of(arguments[0])
            .filter(brokers -> !brokers.isEmpty())
            .map(KafkaCluster::of)
            .map(RelayKafka::of);
    BufferedReader requests =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    @Nullable Relay relay = null;
    for (String request = requests.readLine(); request != null; request = requests.readLine()) {
      if (relay != null) {
        relay.close();
        relay = null;
      }
      if (request.equals("release")) {
        relay =
            new Relay(
                databases, RelaySettings.DEFAULTS, RelayWatch.plain(), kafka, FaultPoints.NONE);
        relay.start();
      }
      System.out.println(request);
    }
    System.exit(0);
  }
}
