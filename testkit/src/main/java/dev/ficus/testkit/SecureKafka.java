package dev.ficus.testkit;

import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.core.manifest.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import kafka.server.BrokerServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.test.KafkaClusterTestKit;
import org.apache.kafka.common.test.TestKitNodes;

/**
 * A Kafka cluster of three brokers in this JVM that speak TLS, ask for a login by SCRAM and allow
 * nothing that was not granted, as a production's do.
 *
 * <p>Whoever uses it declares {@code kafka-test-common-runtime} and {@code kafka_2.13} by itself.
 */
public final class SecureKafka implements AutoCloseable {

  private static final int BROKERS = 3;
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String ADMIN = "admin";
  private static final String PASSWORD = "correct-horse";
  private static final String LOGIN =
      "org.apache.kafka.common.security.%s required username=\"%s\" password=\"%s\"%s;";

  private final Path folder;
  private final KafkaClusterTestKit cluster;

  private SecureKafka(Path folder, KafkaClusterTestKit cluster) {
    this.folder = folder;
    this.cluster = cluster;
  }

  /** Starts one; its only user is its administrator. */
  public static SecureKafka start() {
    try {
      Path folder = Files.createTempDirectory("secure-kafka");
      certify(folder);
      TestKitNodes nodes =
          new TestKitNodes.Builder()
              .setNumControllerNodes(1)
              .setNumBrokerNodes(BROKERS)
              .setPerServerProperties(
                  IntStream.range(0, BROKERS)
                      .boxed()
                      .collect(
                          Collectors.toMap(
                              broker -> broker, broker -> propertiesOfBrokers(folder))))
              .build();
      KafkaClusterTestKit cluster =
          new KafkaClusterTestKit.Builder(nodes)
              .setConfigProp("transaction.state.log.num.partitions", "4")
              .setConfigProp("auto.create.topics.enable", "false")
              .setConfigProp("default.replication.factor", "3")
              .setConfigProp("min.insync.replicas", "2")
              .setConfigProp(
                  "authorizer.class.name",
                  "org.apache.kafka.metadata.authorizer.StandardAuthorizer")
              // Brokers speak to the controller without a login; nobody else reaches it.
              .setConfigProp("super.users", "User:" + ADMIN + ";User:ANONYMOUS")
              .build();
      cluster.format();
      cluster.startup();
      cluster.waitForReadyBrokers();
      return new SecureKafka(folder, cluster);
    } catch (Exception e) {
      throw new IllegalStateException("starting Kafka brokers failed", e);
    }
  }

  private static Map<String, String> propertiesOfBrokers(Path folder) {
    Map<String, String> properties = new HashMap<>(trust(folder));
    properties.put("listener.security.protocol.map", "EXTERNAL:SASL_SSL,CONTROLLER:PLAINTEXT");
    properties.put("ssl.keystore.type", "PKCS12");
    properties.put("ssl.keystore.location", keys(folder).toString());
    properties.put("ssl.keystore.password", PASSWORD);
    properties.put("sasl.enabled.mechanisms", "PLAIN,SCRAM-SHA-512");
    properties.put("sasl.mechanism.inter.broker.protocol", "PLAIN");
    properties.put(
        "listener.name.external.plain.sasl.jaas.config",
        plain(ADMIN, " user_%s=\"%s\"".formatted(ADMIN, PASSWORD)));
    properties.put(
        "listener.name.external.scram-sha-512.sasl.jaas.config",
        "org.apache.kafka.common.security.scram.ScramLoginModule required;");
    return properties;
  }

  /** Makes the brokers' key and the certificate that clients are given. */
  private static void certify(Path folder) throws IOException, InterruptedException {
    keytool(
        "-genkeypair",
        "-alias",
        "broker",
        "-keyalg",
        "RSA",
        "-dname",
        "CN=localhost",
        "-ext",
        "san=dns:localhost,ip:127.0.0.1",
        "-validity",
        "2",
        "-storetype",
        "PKCS12",
        "-keystore",
        keys(folder).toString(),
        "-storepass",
        PASSWORD);
    keytool(
        "-exportcert",
        "-rfc",
        "-alias",
        "broker",
        "-keystore",
        keys(folder).toString(),
        "-storepass",
        PASSWORD,
        "-file",
        certificate(folder).toString());
  }

  private static void keytool(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (process.waitFor() != 0) {
      throw new IOException("keytool " + arguments[0] + " failed");
    }
  }

  private static Path keys(Path folder) {
    return folder.resolve("keys.p12");
  }

  private static Path certificate(Path folder) {
    return folder.resolve("certificate.pem");
  }

  private static Map<String, String> trust(Path folder) {
    return Map.of(
        "ssl.truststore.type", "PEM", "ssl.truststore.location", certificate(folder).toString());
  }

  private static String plain(String user, String more) {
    return LOGIN.formatted("plain.PlainLoginModule", user, PASSWORD, more);
  }

  /** Makes a user that may do nothing yet. */
  public void create(String user, String password) {
    administer(
        admin ->
            admin
                .alterUserScramCredentials(
                    List.of(
                        new UserScramCredentialUpsertion(
                            user,
                            new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096),
                            password)))
                .all());
  }

  /** Allows a user an operation on whatever has a name that begins so. */
  public void grant(String user, AclOperation operation, ResourceType type, String prefix) {
    ResourcePattern pattern =
        type == ResourceType.CLUSTER
            ? new ResourcePattern(type, "kafka-cluster", PatternType.LITERAL)
            : new ResourcePattern(type, prefix, PatternType.PREFIXED);
    administer(
        admin ->
            admin
                .createAcls(
                    List.of(
                        new AclBinding(
                            pattern,
                            new AccessControlEntry(
                                "User:" + user, "*", operation, AclPermissionType.ALLOW))))
                .all());
  }

  /** Which broker leads a topic's first partition. */
  public int leaderOf(String topic) {
    return administer(admin -> admin.describeTopics(List.of(topic)).allTopicNames())
        .values()
        .iterator()
        .next()
        .partitions()
        .get(0)
        .leader()
        .id();
  }

  /** The topics that it has now. */
  public Collection<String> topics() {
    return administer(admin -> admin.listTopics().names());
  }

  private <T> T administer(Function<Admin, KafkaFuture<T>> action) {
    Map<String, Object> properties = new HashMap<>(trust(folder));
    properties.put("bootstrap.servers", cluster.bootstrapServers());
    properties.put("security.protocol", "SASL_SSL");
    properties.put("sasl.mechanism", "PLAIN");
    properties.put("sasl.jaas.config", plain(ADMIN, ""));
    try (Admin admin = Admin.create(properties)) {
      return action.apply(admin).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException("Kafka's administrator failed", e);
    }
  }

  /** The brokers with a user's login, as a manifest has them. */
  public KafkaCluster login(String user, String password) {
    Map<String, Secret> properties = new TreeMap<>();
    trust(folder).forEach((name, value) -> properties.put(name, new Secret(value)));
    properties.put("security.protocol", new Secret("SASL_SSL"));
    properties.put("sasl.mechanism", new Secret("SCRAM-SHA-512"));
    properties.put(
        "sasl.jaas.config",
        new Secret(LOGIN.formatted("scram.ScramLoginModule", user, password, "")));
    return with(properties);
  }

  /** The same without the certificate that the brokers show. */
  public KafkaCluster distrusting(String user, String password) {
    Map<String, Secret> properties = new TreeMap<>(login(user, password).properties());
    trust(folder).keySet().forEach(properties::remove);
    return with(properties);
  }

  private KafkaCluster with(Map<String, Secret> properties) {
    KafkaCluster plain = KafkaCluster.of(cluster.bootstrapServers());
    return new KafkaCluster(
        plain.bootstrapServers(),
        properties,
        plain.topicPrefix(),
        Optional.empty(),
        plain.retention(),
        plain.maxRecordBytes(),
        Optional.empty());
  }

  /** Stops one of its brokers, 0 to 2. */
  public void stopBroker(int broker) {
    broker(broker).shutdown();
    broker(broker).awaitShutdown();
  }

  /** Starts it again, with what it had stored. */
  public void startBroker(int broker) {
    broker(broker).startup();
  }

  private BrokerServer broker(int broker) {
    return Objects.requireNonNull(cluster.brokers().get(broker));
  }

  @Override
  public void close() {
    try {
      cluster.close();
      Files.deleteIfExists(keys(folder));
      Files.deleteIfExists(certificate(folder));
      Files.deleteIfExists(folder);
    } catch (Exception e) {
      throw new IllegalStateException("stopping Kafka brokers failed", e);
    }
  }
}
