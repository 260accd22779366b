package dev.ficus.relay.internal.connect;

import dev.ficus.core.TableName;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A connector's settings, as Kafka Connect gives them, and what of them a stream cannot live with.
 *
 * <p>Settings that are not known to leave order, number and values of changes alone are refused: a
 * transform may drop a record as well as rename its topic.
 */
final class ConnectorSettings {

  private static final String CONNECTOR = "io.debezium.connector.postgresql.PostgresConnector";

  /** What a stream needs, and the values that will do; an absent one has Debezium's default. */
  private static final Map<String, Needed> NEEDED =
      Map.ofEntries(
          Map.entry("connector.class", Needed.of(CONNECTOR)),
          Map.entry("plugin.name", Needed.of("pgoutput")),
          Map.entry("provide.transaction.metadata", Needed.of("true")),
          Map.entry("skipped.operations", Needed.of("none")),
          Map.entry("decimal.handling.mode", Needed.of("string")),
          Map.entry("binary.handling.mode", Needed.orAbsent("bytes")),
          Map.entry("event.processing.failure.handling.mode", Needed.orAbsent("fail")),
          Map.entry("errors.tolerance", Needed.orAbsent("none")),
          Map.entry("slot.drop.on.stop", Needed.orAbsent("false")),
          // The worker's own converter may be told otherwise, and cannot be asked how.
          Map.entry("value.converter", Needed.of("org.apache.kafka.connect.json.JsonConverter")),
          // By default a null reads as its column's default.
          Map.entry("value.converter.replace.null.with.default", Needed.of("false")),
          Map.entry("value.converter.schemas.enable", Needed.orAbsent("true")),
          Map.entry(
              "time.precision.mode",
              Needed.orAbsent("adaptive", "adaptive_time_microseconds", "microseconds")));

  /** What may be set at will; a star stands for all that follow. */
  private static final List<String> FREE =
      List.of(
          "name",
          "tasks.max",
          "topic.prefix",
          "table.include.list",
          "publication.name",
          "publication.autocreate.mode",
          "slot.name",
          "slot.failover",
          "slot.max.retries",
          "slot.retry.delay.ms",
          "snapshot.mode",
          "snapshot.max.threads",
          "snapshot.fetch.size",
          "snapshot.delay.ms",
          "snapshot.locking.mode",
          "heartbeat.*",
          "status.update.interval.ms",
          "poll.interval.ms",
          "max.batch.size",
          "max.queue.size",
          "max.queue.size.in.bytes",
          "tombstones.on.delete",
          "errors.max.retries",
          "errors.retry.*",
          "errors.log.*",
          "retriable.restart.connector.wait.ms",
          "xmin.fetch.interval.ms",
          "lsn.flush.*",
          "exactly.once.support",
          "unavailable.value.placeholder",
          "key.converter",
          "key.converter.*",
          "header.converter",
          "topic.creation.*",
          "producer.override.*",
          "database.hostname",
          "database.port",
          "database.user",
          "database.password",
          "database.dbname",
          "database.ssl*",
          "database.tcp*",
          "database.query.timeout.ms");

  private final Map<String, String> settings;

  ConnectorSettings(Map<String, String> settings) {
    this.settings = Map.copyOf(settings);
  }

  /**
   * @param values what will do
   * @param absent whether the setting may be left to its default
   */
  private record Needed(List<String> values, boolean absent) {
    static Needed of(String value) {
      return new Needed(List.of(value), false);
    }

    static Needed orAbsent(String... values) {
      return new Needed(List.of(values), true);
    }
  }

  /** What the names of the connector's topics begin with. */
  String topicPrefix() {
    return settings.getOrDefault("topic.prefix", "");
  }

  /** The publication whose changes the connector reads. */
  String publication() {
    return settings.getOrDefault("publication.name", "dbz_publication");
  }

  /** The role that the connector reads as, where its settings say so. */
  String role() {
    return settings.getOrDefault("database.user", "");
  }

  /** Everything that a stream of these tables cannot live with; values are named only if known. */
  List<String> problems(List<TableName> tables) {
    List<String> problems = new ArrayList<>();
    if (topicPrefix().isEmpty()) {
      problems.add("topic.prefix is missing");
    }
    NEEDED.forEach(
        (name, needed) -> {
          String value = settings.get(name);
          if (value == null ? !needed.absent() : !needed.values().contains(value.trim())) {
            problems.add(
                name
                    + (value == null ? " is absent" : " is '" + value + "'")
                    + ", and must be "
                    + String.join(" or ", needed.values()));
          }
        });
    for (String name : new TreeSet<>(settings.keySet())) {
      if (!NEEDED.containsKey(name) && FREE.stream().noneMatch(free -> isFree(name, free))) {
        problems.add(name + " is set, and is not known to leave changes as they are");
      }
    }
    included()
        .ifPresent(
            patterns -> {
              for (TableName table : tables) {
                String id = table.schema() + "." + table.name();
                if (patterns.stream().noneMatch(pattern -> pattern.matcher(id).matches())) {
                  problems.add("table.include.list leaves out table " + table);
                }
              }
            });
    problems.sort(null);
    return problems;
  }

  private static boolean isFree(String name, String free) {
    return free.endsWith("*")
        ? name.startsWith(free.substring(0, free.length() - 1))
        : name.equals(free);
  }

  /** Debezium takes each as a pattern of the whole name, in any case. */
  private Optional<List<Pattern>> included() {
    return Optional.ofNullable(settings.get("table.include.list"))
        .map(
            list ->
                Arrays.stream(list.split(","))
                    .map(String::trim)
                    .map(ConnectorSettings::pattern)
                    .filter(Objects::nonNull)
                    .toList());
  }

  private static @org.jspecify.annotations.Nullable Pattern pattern(String text) {
    try {
      return Pattern.compile(text, Pattern.CASE_INSENSITIVE);
    } catch (PatternSyntaxException e) {
      // A pattern with a comma in it: it includes nothing here, and its tables are named.
      return null;
    }
  }
}
