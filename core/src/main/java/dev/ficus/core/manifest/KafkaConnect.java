package dev.ficus.core.manifest;

import java.net.URI;
import java.util.Optional;
import java.util.Set;

/**
 * A connector of an existing Kafka Connect cluster that publishes the shared database's changes.
 *
 * @param url where Kafka Connect's REST interface answers
 * @param connector the connector's name
 * @param login what the REST interface is told of who asks, where it wants to know
 */
public record KafkaConnect(URI url, String connector, Optional<Login> login) {

  /**
   * A login of HTTP's basic authentication.
   *
   * @param user the name, which has no colon
   * @param password the password
   */
  public record Login(String user, Secret password) {

    public Login {
      if (user.isBlank() || user.indexOf(':') >= 0) {
        throw new IllegalArgumentException(
            "user is empty or has a colon, which no basic authentication takes");
      }
    }
  }

  private static final Set<String> SCHEMES = Set.of("http", "https");

  public KafkaConnect {
    if (url.getHost() == null || !SCHEMES.contains(url.getScheme())) {
      throw new IllegalArgumentException(
          "url is not the address of Kafka Connect's REST interface: write http://host:8083");
    }
    if (url.getUserInfo() != null) {
      throw new IllegalArgumentException(
          "url bears a login: write it as user and password beside the url");
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
