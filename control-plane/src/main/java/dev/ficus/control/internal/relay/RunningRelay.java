package dev.ficus.control.internal.relay;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.GroupName;
import dev.ficus.core.manifest.DdlMode;
import dev.ficus.core.manifest.Group;
import dev.ficus.core.manifest.Manifest;
import dev.ficus.core.manifest.Service;
import dev.ficus.core.manifest.WalBudget;
import dev.ficus.postgres.Database;
import dev.ficus.relay.Relay;
import dev.ficus.relay.RelayKafka;
import dev.ficus.relay.RelayRole;
import dev.ficus.relay.RelaySettings;
import dev.ficus.relay.RelayWatch;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A relay for all databases of a manifest, with its meters where they are asked for. It ends flips
 * that their command has left, too.
 */
public final class RunningRelay implements AutoCloseable {

  private static final Duration INTERVAL = Duration.ofSeconds(1);

  private final Relay relay;
  private final AbandonedFlips flips;
  private final Set<String> databases;
  private final Optional<MetricsEndpoint> endpoint;

  private RunningRelay(
      Relay relay,
      AbandonedFlips flips,
      Set<String> databases,
      Optional<MetricsEndpoint> endpoint) {
    this.relay = relay;
    this.flips = flips;
    this.databases = databases;
    this.endpoint = endpoint;
  }

  /**
   * Starts it.
   *
   * @param roles which half of streams over Kafka it runs
   * @param metrics where metrics and health are served; nowhere if absent
   */
  public static RunningRelay start(
      Manifest manifest, Set<RelayRole> roles, Optional<InetSocketAddress> metrics) {
    Map<String, Database> databases = databases(manifest);
    if (metrics.isEmpty()) {
      Relay relay = relay(databases, manifest, roles, new CompositeMeterRegistry());
      relay.start();
      return new RunningRelay(
          relay, AbandonedFlips.attend(manifest), databases.keySet(), Optional.empty());
    }
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    Relay relay = relay(databases, manifest, roles, registry);
    // Before the relay starts: a port that is taken must not leave one running.
    MetricsEndpoint endpoint = MetricsEndpoint.start(metrics.get(), registry, relay::health);
    relay.start();
    return new RunningRelay(
        relay, AbandonedFlips.attend(manifest), databases.keySet(), Optional.of(endpoint));
  }

  private static Relay relay(
      Map<String, Database> databases,
      Manifest manifest,
      Set<RelayRole> roles,
      MeterRegistry registry) {
    Map<GroupName, WalBudget> budgets = new LinkedHashMap<>();
    for (Group group : manifest.groups()) {
      budgets.put(group.name(), group.walBudget());
    }
    Set<GroupName> additive =
        manifest.groups().stream()
            .filter(group -> group.ddl() == DdlMode.ADDITIVE)
            .map(Group::name)
            .collect(Collectors.toSet());
    return new Relay(
        databases,
        RelaySettings.DEFAULTS.withAdditive(additive),
        new RelayWatch(registry, budgets, INTERVAL),
        manifest.kafka().map(cluster -> new RelayKafka(cluster, roles)),
        FaultPoints.NONE);
  }

  private static Map<String, Database> databases(Manifest manifest) {
    Map<String, Database> databases = new LinkedHashMap<>();
    databases.put(Database.SHARED, new Database(Database.SHARED, manifest.shared()));
    for (Service service : manifest.services()) {
      String name = service.name().value();
      databases.put(name, new Database(name, service.database()));
    }
    return databases;
  }

  /** The databases whose streams it runs, by the manifest's names. */
  public Set<String> databases() {
    return databases;
  }

  /** The port that metrics are served at, if they are. */
  public OptionalInt metricsPort() {
    return endpoint.map(it -> OptionalInt.of(it.port())).orElse(OptionalInt.empty());
  }

  @Override
  public void close() {
    endpoint.ifPresent(MetricsEndpoint::close);
    // A flip that is being ended needs the streams.
    flips.close();
    relay.close();
  }
}
