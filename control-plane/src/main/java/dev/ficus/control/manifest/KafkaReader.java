package dev.ficus.control.manifest;

import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.core.manifest.KafkaConnect;
import dev.ficus.core.manifest.Secret;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads {@code kafka:}. */
final class KafkaReader {

  private static final List<String> KEYS =
      List.of(
          "bootstrap-servers",
          "properties",
          "topic-prefix",
          "replication",
          "retention",
          "max-record",
          "connect");

  /** What a client is told beyond order and durability, which Ficus sees to itself. */
  private static final List<String> FREE =
      List.of(
          "security.",
          "sasl.",
          "ssl.",
          "client.dns.lookup",
          "client.rack",
          "compression.type",
          "metadata.",
          "reconnect.",
          "retry.backoff.",
          "socket.connection.");

  /** Whose values are never written in the clear. */
  private static final String SECRET =
      ".*password.*|.*secret.*|sasl\\.jaas\\.config|ssl\\.keystore\\.key";

  private KafkaReader() {}

  static Optional<KafkaCluster> read(Mapping section, Secrets secrets) {
    section.knows(KEYS, Map.of());
    Optional<String> servers = section.text("bootstrap-servers");
    Map<String, Secret> properties =
        section.optionalMapping("properties").map(all -> properties(all, secrets)).orElse(Map.of());
    Optional<Integer> replication =
        section.optionalText("replication").flatMap(text -> number(section, text));
    Duration retention =
        Durations.read(section, "retention").orElse(KafkaCluster.DEFAULT_RETENTION);
    long maxRecord =
        Sizes.read(section, "max-record").orElse((long) KafkaCluster.DEFAULT_MAX_RECORD_BYTES);
    Optional<KafkaConnect> connect =
        section.optionalMapping("connect").flatMap(connector -> connect(connector, secrets));
    if (servers.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new KafkaCluster(
              servers.get(),
              properties,
              section.optionalText("topic-prefix").orElse(KafkaCluster.DEFAULT_PREFIX),
              replication,
              retention,
              (int) Math.min(Integer.MAX_VALUE, maxRecord),
              connect));
    } catch (IllegalArgumentException e) {
      return refused(section, e);
    }
  }

  private static Optional<KafkaConnect> connect(Mapping section, Secrets secrets) {
    section.knows(List.of("url", "connector", "user", "password"), Map.of());
    Optional<String> url = section.text("url");
    Optional<String> connector = section.text("connector");
    Optional<String> user = section.optionalText("user");
    Secret password = secrets.read(section, "password");
    if (section.has("user") != section.has("password")) {
      section.problem("user", "a login has a user and a password: write both, or neither");
    }
    if (url.isEmpty() || connector.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new KafkaConnect(
              new URI(url.get()),
              connector.get(),
              user.map(name -> new KafkaConnect.Login(name, password))));
    } catch (URISyntaxException e) {
      // It may bear a login.
      section.problem("url", "is no address: write http://host:8083");
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      return refused(section, e);
    }
  }

  /** Each message begins with the key that it is about. */
  private static <T> Optional<T> refused(Mapping section, IllegalArgumentException e) {
    String message = String.valueOf(e.getMessage());
    section.problem(message.substring(0, message.indexOf(' ')), message);
    return Optional.empty();
  }

  private static Optional<Integer> number(Mapping section, String text) {
    if (!text.matches("[1-9]\\d{0,2}")) {
      section.problem("replication", "'" + text + "' is not a number of brokers");
      return Optional.empty();
    }
    return Optional.of(Integer.parseInt(text));
  }

  private static Map<String, Secret> properties(Mapping all, Secrets secrets) {
    Map<String, Secret> properties = new LinkedHashMap<>();
    for (String key : all.keys()) {
      if (FREE.stream().noneMatch(key::startsWith)) {
        all.problem(
            key,
            "Ficus sets this property itself, or needs it as it is; known: "
                + String.join(", ", FREE));
        continue;
      }
      all.text(key)
          .ifPresent(
              text ->
                  properties.put(
                      key,
                      key.matches(SECRET) || text.startsWith("${")
                          ? secrets.read(all, key)
                          : new Secret(text)));
    }
    return properties;
  }
}
