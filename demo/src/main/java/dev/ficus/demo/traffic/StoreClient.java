package dev.ficus.demo.traffic;

import dev.ficus.demo.web.ApiError;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The store's three HTTP APIs as a customer's program calls them. */
final class StoreClient {

  /** Longer than a service may wait for a flip, so that the service answers first. */
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  /** Refusals that belong to an ordinary day. */
  private static final Set<String> ORDINARY = Set.of("out-of-stock");

  private final JsonMapper json = JsonMapper.builder().build();
  private final HttpClient http;
  private final StoreAddress store;
  private final Meter meter;

  StoreClient(HttpClient http, StoreAddress store, Meter meter) {
    this.http = http;
    this.store = store;
    this.meter = meter;
  }

  StoreAddress store() {
    return store;
  }

  Meter meter() {
    return meter;
  }

  Answer get(String operation, URI uri) {
    return send(operation, HttpRequest.newBuilder(uri).GET(), false);
  }

  Answer delete(String operation, URI uri) {
    return send(operation, HttpRequest.newBuilder(uri).DELETE(), true);
  }

  Answer post(String operation, URI uri, @Nullable Object body) {
    return send(operation, HttpRequest.newBuilder(uri).POST(publisher(body)), true);
  }

  Answer put(String operation, URI uri, Object body) {
    return send(operation, HttpRequest.newBuilder(uri).PUT(publisher(body)), true);
  }

  private HttpRequest.BodyPublisher publisher(@Nullable Object body) {
    return body == null
        ? HttpRequest.BodyPublishers.noBody()
        : HttpRequest.BodyPublishers.ofString(json.writeValueAsString(body));
  }

  private Answer send(String operation, HttpRequest.Builder request, boolean write) {
    long start = System.nanoTime();
    Answer answer = answer(request);
    meter.answered(Duration.ofNanos(System.nanoTime() - start), write);
    if (answer instanceof Answer.Unknown unknown) {
      meter.failed(operation, unknown.reason());
    } else if (answer instanceof Answer.Refused refused && !ORDINARY.contains(refused.code())) {
      meter.failed(operation, "refused with " + refused.code());
    }
    return answer;
  }

  private Answer answer(HttpRequest.Builder request) {
    try {
      HttpResponse<String> response =
          http.send(
              request.header("Content-Type", "application/json").timeout(PATIENCE).build(),
              HttpResponse.BodyHandlers.ofString());
      int status = response.statusCode();
      JsonNode body = response.body().isEmpty() ? json.nullNode() : json.readTree(response.body());
      if (status < 300) {
        return new Answer.Done(body);
      }
      String code = body.path("code").asString("");
      if (code.equals(ApiError.DUPLICATE_PRIMARY_KEY)) {
        meter.collided();
      }
      return status < 500
          ? new Answer.Refused(code.isEmpty() ? "status " + status : code)
          : new Answer.Unknown("status " + status + " " + code);
    } catch (IOException | JacksonException e) {
      return new Answer.Unknown(e.getClass().getSimpleName() + ": " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Answer.Unknown("the traffic was stopped");
    }
  }
}
