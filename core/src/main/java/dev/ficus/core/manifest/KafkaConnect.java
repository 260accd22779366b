package dev.ficus.core.manifest;

import java.net.URI;
import java.util.Set;

/**
 * A connector of an existing Kafka Connect cluster that publishes the shared database's changes.
 *
 * @param url where Kafka Connect's REST interface answers
 * @param connector the connector's name
 */
public record KafkaConnect(URI url, String connector) {

  private static final Set<String> SCHEMES = Set.of("http", "https");

  public KafkaConnect {
    if (url.getHost() == null || !SCHEMES.contains(url.getScheme())) {
      throw new IllegalArgumentException(
          "url is not the address of Kafka Connect's REST interface: write http://host:8083");
    }
    if (url.getUserInfo() != null) {
      throw new IllegalArgumentException(
          "url bears a login, which is not supported yet: Ficus asks Kafka Connect without one");
    }
    if (connector.isBlank()) {
      throw new IllegalArgumentException("connector is empty: write the connector's name");
    }
  }

  @Override
  public String toString() {
    return "connector " + connector + " of Kafka Connect at " + url;
  }
}
