package dev.ficus.relay.internal.connect;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ficus.core.manifest.KafkaConnect;
import dev.ficus.relay.NoAnswerException;
import dev.ficus.relay.RelayException;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;

/** Asks Kafka Connect's REST interface; it is never told to change anything. */
final class ConnectApi {

  // The thread that applies asks while its stream runs.
  private static final Duration PATIENCE = Duration.ofSeconds(3);
  private static final int OK = 200;
  private static final int UNAUTHORIZED = 401;
  private static final int FORBIDDEN = 403;
  private static final int NOT_FOUND = 404;

  private final KafkaConnect connect;
  private final HttpClient client = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
  private final ObjectMapper json = new ObjectMapper();

  ConnectApi(KafkaConnect connect) {
    this.connect = connect;
  }

  /**
   * The connector's settings now.
   *
   * @throws NoAnswerException if Kafka Connect does not tell them, which may pass
   * @throws RelayException if it has no such connector
   */
  ConnectorSettings settings() throws NoAnswerException, InterruptedException {
    String name =
        URLEncoder.encode(connect.connector(), StandardCharsets.UTF_8).replace("+", "%20");
    URI uri =
        URI.create(
            connect.url().toString().replaceAll("/+$", "") + "/connectors/" + name + "/config");
    HttpResponse<byte[]> response;
    try {
      response = client.send(request(uri), HttpResponse.BodyHandlers.ofByteArray());
    } catch (IOException e) {
      throw silent(e.getClass().getSimpleName());
    }
    if (response.statusCode() == NOT_FOUND) {
      throw RelayException.stop(
          "Kafka Connect at " + connect.url() + " has no connector " + connect.connector(),
          "correct kafka.connect in the manifest, or make the connector; then run \"ficus retry\" for the group");
    }
    if (response.statusCode() == UNAUTHORIZED || response.statusCode() == FORBIDDEN) {
      throw new NoAnswerException(
          "Kafka Connect at "
              + connect.url()
              + connect
                  .login()
                  .map(login -> " refuses user " + login.user())
                  .orElse(" asks for a login")
              + ": HTTP status "
              + response.statusCode(),
          "correct user and password of kafka.connect in the manifest, or let that user read the connector's settings");
    }
    if (response.statusCode() != OK) {
      throw silent("HTTP status " + response.statusCode());
    }
    Map<String, String> settings = new HashMap<>();
    try {
      JsonNode answer = json.readTree(response.body());
      answer
          .properties()
          .forEach(setting -> settings.put(setting.getKey(), setting.getValue().asText()));
    } catch (IOException e) {
      throw silent("an answer that is no JSON");
    }
    return new ConnectorSettings(settings);
  }

  private HttpRequest request(URI uri) {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(PATIENCE);
    connect
        .login()
        .map(login -> login.user() + ":" + login.password().reveal())
        .map(login -> Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8)))
        .ifPresent(login -> request.header("Authorization", "Basic " + login));
    return request.build();
  }

  private NoAnswerException silent(String why) {
    return new NoAnswerException(
        "Kafka Connect at " + connect.url() + " does not answer: " + why,
        "correct kafka.connect.url in the manifest, or let Kafka Connect accept this machine");
  }
}
