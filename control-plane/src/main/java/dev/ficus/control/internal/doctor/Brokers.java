package dev.ficus.control.internal.doctor;

import dev.ficus.core.Via;
import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.core.manifest.Manifest;
import dev.ficus.postgres.StreamTopics;
import dev.ficus.relay.KafkaCheck;
import java.sql.SQLException;
import java.util.Optional;

/** The brokers that streams are to travel through, and topics that nobody has removed yet. */
final class Brokers implements Check {

  private static final String WHERE = "kafka";

  @Override
  public String name() {
    return "brokers";
  }

  /** Whether the manifest has anything for it to look at. */
  static boolean concern(Manifest manifest) {
    return manifest.kafka().isPresent();
  }

  @Override
  public void examine(Place place, Findings findings) throws SQLException {
    if (place.installed()) {
      for (String topic : StreamTopics.ended(place.connection())) {
        findings.costs(
            place.name(),
            "topic " + topic + " of an ended stream is not removed yet",
            "it keeps its records on the brokers until its retention ends",
            "let a relay run with this manifest: it removes the topic, and then its row in ficus.stream_topic");
      }
    }
  }

  @Override
  public void examine(Whole whole, Findings findings) {
    Optional<KafkaCluster> cluster = whole.manifest().kafka();
    if (cluster.isEmpty()
        || whole.manifest().groups().stream()
            .noneMatch(group -> group.via() instanceof Via.Kafka)) {
      return;
    }
    tell(KafkaCheck.of(cluster.get()), cluster.get().bootstrapServers(), findings);
  }

  static void tell(KafkaCheck check, String servers, Findings findings) {
    if (check.unreachable().isPresent()) {
      findings.stops(
          WHERE,
          "no broker of " + servers + " answers: " + check.unreachable().get(),
          "streams over Kafka cannot run, and their slots hold back WAL",
          "correct kafka.bootstrap-servers and kafka.properties in the manifest, or let the brokers accept this machine");
    } else if (check.replication().filter(all -> all > check.brokers()).isPresent()) {
      findings.stops(
          WHERE,
          "topics are to have "
              + check.replication().get()
              + " replicas, and there are "
              + check.brokers()
              + " brokers",
          "no topic can be made",
          "lower kafka.replication in the manifest, or add brokers");
    } else if (isLow(check.replication()) || isLow(check.inSync())) {
      findings.costs(
          WHERE,
          "topics have "
              + check.replication().map(String::valueOf).orElse("an unknown number of")
              + " replicas, and "
              + check.inSync().map(String::valueOf).orElse("an unknown number")
              + " of them must have a record (min.insync.replicas)",
          "the slot lets go of WAL once Kafka has it: what a single broker loses with its disk is lost to the stream, which then needs a new copy",
          "three replicas with min.insync.replicas=2 survive the loss of a broker");
    } else if (check.replication().isEmpty() || check.inSync().isEmpty()) {
      findings.costs(
          WHERE,
          "the brokers do not tell this principal their settings",
          "whether topics survive the loss of a broker is not known",
          "allow it DescribeConfigs on the cluster, or see to it that topics have three replicas and min.insync.replicas is 2");
    }
  }

  private static boolean isLow(Optional<Integer> number) {
    return number.filter(it -> it < 2).isPresent();
  }
}
