package dev.ficus.relay.internal.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.ficus.core.manifest.KafkaConnect;
import dev.ficus.core.manifest.Secret;
import dev.ficus.relay.NoAnswerException;
import dev.ficus.relay.RelayException;
import dev.ficus.testkit.Rule;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What Kafka Connect's REST interface may answer, and what a stream then says. */
@Rule("R21")
class ConnectApiTest {

  private static final String RIGHT =
      "Basic "
          + Base64.getEncoder().encodeToString("ficus:stäple".getBytes(StandardCharsets.UTF_8));

  private HttpServer server;
  private int status = 200;
  private String body = "{}";

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/connectors/the store/config", this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    List<String> login = exchange.getRequestHeaders().getOrDefault("Authorization", List.of());
    byte[] answer = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(login.equals(List.of(RIGHT)) ? status : 401, answer.length);
    exchange.getResponseBody().write(answer);
    exchange.close();
  }

  private ConnectApi api(String password) {
    return new ConnectApi(
        new KafkaConnect(
            URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/"),
            "the store",
            Optional.of(new KafkaConnect.Login("ficus", new Secret(password)))));
  }

  @Test
  void shouldReadTheSettingsWithItsLogin() throws Exception {
    body = "{\"topic.prefix\": \"store\"}";
    assertThat(api("stäple").settings().topicPrefix()).isEqualTo("store");
  }

  @Test
  void shouldSayThatAPasswordIsWrong() {
    assertThatThrownBy(() -> api("horse").settings())
        .isInstanceOf(NoAnswerException.class)
        .hasMessageContaining("refuses user ficus: HTTP status 401");
  }

  @ParameterizedTest
  @CsvSource({
    "403, {}, refuses user ficus: HTTP status 403",
    "409, {}, does not answer: HTTP status 409",
    "500, {}, does not answer: HTTP status 500",
    "200, <html>, does not answer: an answer that is no JSON"
  })
  void shouldWaitAndSayWhyWhereItIsToldNothing(int answered, String text, String message) {
    status = answered;
    body = text;
    assertThatThrownBy(() -> api("stäple").settings())
        .isInstanceOf(NoAnswerException.class)
        .hasMessageContaining(message);
  }

  @Test
  void shouldStopWhereThereIsNoSuchConnector() {
    status = 404;
    assertThatThrownBy(() -> api("stäple").settings())
        .isInstanceOf(RelayException.class)
        .hasMessageContaining("has no connector the store");
  }

  @Test
  void shouldSayThatNobodyListens() {
    ConnectApi api = api("stäple");
    server.stop(0);
    assertThatThrownBy(api::settings)
        .isInstanceOf(NoAnswerException.class)
        .hasMessageContaining("does not answer: ConnectException");
  }
}
