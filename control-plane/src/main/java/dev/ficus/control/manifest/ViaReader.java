package dev.ficus.control.manifest;

import dev.ficus.core.Via;
import java.util.Optional;

/** Reads {@code via:} and {@code partitions:} of a group's {@code stream:}. */
final class ViaReader {

  private ViaReader() {}

  /**
   * @param withKafka whether the manifest names brokers
   * @param withConnect whether it names a connector
   */
  static Via read(Mapping stream, boolean withKafka, boolean withConnect) {
    String via = stream.optionalText("via").orElse("direct");
    Optional<String> partitions = stream.optionalText("partitions");
    if (via.equals("kafka")) {
      if (!withKafka) {
        stream.problem(
            "via",
            "a stream over Kafka needs brokers: add the section kafka with bootstrap-servers");
      }
      return partitions.map(text -> kafka(stream, text)).orElse(new Via.Kafka(1));
    }
    if (!via.equals("direct") && !via.equals("connect")) {
      stream.problem("via", "'" + via + "' is no way to travel; known: direct, kafka, connect");
    } else if (partitions.isPresent()) {
      stream.problem(
          "partitions",
          "only a topic of Ficus's own has partitions: write 'via: kafka' beside them, or leave them out");
    }
    if (via.equals("connect") && !withConnect) {
      stream.problem(
          "via",
          "a stream over Kafka Connect needs a connector: add kafka.connect with url and connector");
    }
    return via.equals("connect") ? Via.CONNECT : Via.DIRECT;
  }

  private static Via kafka(Mapping stream, String text) {
    if (text.matches("\\d{1,9}")) {
      try {
        return new Via.Kafka(Integer.parseInt(text));
      } catch (IllegalArgumentException e) {
        stream.problem("partitions", String.valueOf(e.getMessage()));
      }
    } else {
      stream.problem("partitions", "'" + text + "' is not a number of partitions");
    }
    return new Via.Kafka(1);
  }
}
