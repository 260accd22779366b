package dev.ficus.control.manifest;

import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.core.manifest.Secret;
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
          "max-record");
  private static final Map<String, String> NOT_YET =
      Map.of("connect", "topics of an existing Kafka Connect cluster");

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
    section.knows(KEYS, NOT_YET);
    Optional<String> servers = section.text("bootstrap-servers");
    Map<String, Secret> properties =
        section.optionalMapping("properties").map(all -> properties(all, secrets)).orElse(Map.of());
    Optional<Integer> replication =
        section.optionalText("replication").flatMap(text -> number(section, text));
    Duration retention =
        Durations.read(section, "retention").orElse(KafkaCluster.DEFAULT_RETENTION);
    long maxRecord =
        Sizes.read(section, "max-record").orElse((long) KafkaCluster.DEFAULT_MAX_RECORD_BYTES);
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
              (int) Math.min(Integer.MAX_VALUE, maxRecord)));
    } catch (IllegalArgumentException e) {
      // Each message begins with the key that it is about.
      String message = String.valueOf(e.getMessage());
      section.problem(message.substring(0, message.indexOf(' ')), message);
      return Optional.empty();
    }
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
