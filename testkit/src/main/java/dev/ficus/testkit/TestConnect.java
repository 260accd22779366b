package dev.ficus.testkit;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.core.manifest.KafkaConnect;
import dev.ficus.core.manifest.Secret;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.connect.connector.policy.AllConnectorClientConfigOverridePolicy;
import org.apache.kafka.connect.errors.NotFoundException;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.runtime.Herder;
import org.apache.kafka.connect.runtime.Worker;
import org.apache.kafka.connect.runtime.isolation.Plugins;
import org.apache.kafka.connect.runtime.rest.entities.ConnectorInfo;
import org.apache.kafka.connect.runtime.rest.entities.ConnectorStateInfo;
import org.apache.kafka.connect.runtime.standalone.StandaloneConfig;
import org.apache.kafka.connect.runtime.standalone.StandaloneHerder;
import org.apache.kafka.connect.storage.FileOffsetBackingStore;
import org.apache.kafka.connect.util.FutureCallback;

/**
 * A worker of Kafka Connect in this JVM, with one connector: Debezium's, set as {@code
 * docs/kafka.md} says. What it has stored of its offsets outlives it.
 *
 * <p>Whoever uses it declares {@code connect-runtime} and Debezium's connector by itself.
 */
public final class TestConnect implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration PAUSE = Duration.ofMillis(20);

  private final TestKafka kafka;
  private final Path offsets;
  private final HttpServer rest;
  private final String name = "c" + UUID.randomUUID().toString().substring(0, 8);
  private final ObjectMapper json = new ObjectMapper();
  private final Map<String, String> settings = new LinkedHashMap<>();
  private volatile StandaloneHerder herder;
  private volatile Optional<KafkaConnect.Login> login = Optional.empty();

  /**
   * @param tables patterns of the tables' names, as {@code table.include.list} has them
   */
  public TestConnect(TestKafka kafka, TestDatabase source, String tables) throws IOException {
    this.kafka = kafka;
    this.offsets = Files.createTempFile("connect", ".offsets");
    Files.delete(offsets);
    this.rest = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    rest.createContext("/connectors/" + name + "/config", this::answer);
    rest.start();
    URI address = URI.create(source.address().url().substring("jdbc:".length()));
    settings.put("name", name);
    settings.put("connector.class", "io.debezium.connector.postgresql.PostgresConnector");
    settings.put("plugin.name", "pgoutput");
    settings.put("topic.prefix", name);
    settings.put("table.include.list", tables);
    settings.put("publication.name", name);
    settings.put("publication.autocreate.mode", "filtered");
    settings.put("slot.name", name);
    settings.put("snapshot.mode", "no_data");
    settings.put("provide.transaction.metadata", "true");
    settings.put("skipped.operations", "none");
    settings.put("decimal.handling.mode", "string");
    settings.put("value.converter", "org.apache.kafka.connect.json.JsonConverter");
    settings.put("value.converter.replace.null.with.default", "false");
    settings.put("topic.creation.default.replication.factor", "1");
    settings.put("topic.creation.default.partitions", "1");
    settings.put("topic.creation.default.cleanup.policy", "delete");
    settings.put("database.hostname", address.getHost());
    settings.put("database.port", Integer.toString(address.getPort()));
    settings.put("database.dbname", address.getPath().substring(1));
    settings.put("database.user", source.address().user());
    settings.put("database.password", source.address().password().reveal());
    settings.put("poll.interval.ms", "10");
    this.herder = startHerder();
  }

  private StandaloneHerder startHerder() {
    Map<String, String> settingsOfWorker =
        Map.of(
            "bootstrap.servers", kafka.bootstrapServers(),
            "offset.storage.file.filename", offsets.toString(),
            "offset.flush.interval.ms", "200",
            "plugin.discovery", "service_load",
            "key.converter", "org.apache.kafka.connect.json.JsonConverter",
            "value.converter", "org.apache.kafka.connect.json.JsonConverter");
    Plugins plugins = new Plugins(settingsOfWorker);
    StandaloneConfig config = new StandaloneConfig(settingsOfWorker);
    JsonConverter converter = new JsonConverter();
    converter.configure(Map.of("schemas.enable", "false"), true);
    FileOffsetBackingStore store = new FileOffsetBackingStore(converter);
    store.configure(config);
    AllConnectorClientConfigOverridePolicy policy = new AllConnectorClientConfigOverridePolicy();
    Worker worker = new Worker(name, Time.SYSTEM, plugins, config, store, policy);
    StandaloneHerder started = new StandaloneHerder(worker, config.kafkaClusterId(), policy);
    started.start();
    return started;
  }

  /** As Kafka Connect's own server does, which does not run beside this build's Jetty. */
  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String shown = exchange.getRequestHeaders().getFirst("Authorization");
      if (!Objects.equals(shown, login.map(TestConnect::basic).orElse(null))) {
        exchange.sendResponseHeaders(401, -1);
        return;
      }
      FutureCallback<Map<String, String>> config = new FutureCallback<>();
      herder.connectorConfig(name, config);
      byte[] body = json.writeValueAsBytes(config.get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new IOException(e);
    }
  }

  private static String basic(KafkaConnect.Login login) {
    String both = login.user() + ":" + login.password().reveal();
    return "Basic " + Base64.getEncoder().encodeToString(both.getBytes(StandardCharsets.UTF_8));
  }

  /** Has its REST interface ask for a login. */
  public TestConnect withLogin(String user, String password) {
    login = Optional.of(new KafkaConnect.Login(user, new Secret(password)));
    return this;
  }

  /** Has it set otherwise from its next start on. */
  public TestConnect with(String setting, String value) {
    settings.put(setting, value);
    return this;
  }

  /** Gives the tables' topics several partitions. */
  public TestConnect withPartitions(int partitions) {
    with("topic.creation.groups", "tables");
    with("topic.creation.tables.include", name + "\\.public\\..*");
    with("topic.creation.tables.replication.factor", "1");
    with("topic.creation.tables.cleanup.policy", "delete");
    return with("topic.creation.tables.partitions", Integer.toString(partitions));
  }

  /** Starts the connector, or has a running one set otherwise. */
  public TestConnect connect() {
    FutureCallback<Herder.Created<ConnectorInfo>> put = new FutureCallback<>();
    herder.putConnectorConfig(name, settings, true, put);
    try {
      put.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("Kafka Connect does not take the connector", e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!isRunning()) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("connector " + name + " does not run: " + state());
      }
      LockSupport.parkNanos(PAUSE.toNanos());
    }
    return this;
  }

  private String state() {
    try {
      return herder.connectorStatus(name).toString();
    } catch (NotFoundException e) {
      return "unknown";
    }
  }

  private boolean isRunning() {
    try {
      ConnectorStateInfo state = herder.connectorStatus(name);
      return state.connector().state().equals("RUNNING")
          && !state.tasks().isEmpty()
          && state.tasks().stream().allMatch(task -> task.state().equals("RUNNING"));
    } catch (NotFoundException e) {
      return false;
    }
  }

  /** The name of the connector, its slot and its publication, and the prefix of its topics. */
  public String name() {
    return name;
  }

  /** Stops the worker. */
  public void stop() {
    herder.stop();
  }

  /** Starts it again, at the offsets that it had stored. */
  public void start() {
    herder = startHerder();
    connect();
  }

  /** Where it stores its offsets. */
  public Path offsets() {
    return offsets;
  }

  /** The brokers, with this connector. */
  public KafkaCluster cluster() {
    return cluster(login);
  }

  /** The same for somebody who has another login, or none. */
  public KafkaCluster cluster(Optional<KafkaConnect.Login> login) {
    return KafkaCluster.of(kafka.bootstrapServers())
        .with(
            new KafkaConnect(
                URI.create("http://127.0.0.1:" + rest.getAddress().getPort()), name, login));
  }

  @Override
  public void close() {
    rest.stop(0);
    stop();
  }
}
