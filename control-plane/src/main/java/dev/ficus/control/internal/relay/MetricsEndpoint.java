package dev.ficus.control.internal.relay;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.ficus.core.DaemonThreads;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.relay.RelayHealth;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import tools.jackson.databind.json.JsonMapper;

/** Serves {@code /metrics} as Prometheus reads it, and {@code /health}. */
final class MetricsEndpoint implements AutoCloseable {

  private static final int OK = 200;
  private static final int NOT_ALLOWED = 405;
  private static final int UNAVAILABLE = 503;

  private final HttpServer server;
  private final ExecutorService threads;

  private MetricsEndpoint(HttpServer server, ExecutorService threads) {
    this.server = server;
    this.threads = threads;
  }

  /**
   * @param address where to listen; port 0 takes a free one
   */
  static MetricsEndpoint start(
      InetSocketAddress address, PrometheusMeterRegistry registry, Supplier<RelayHealth> health) {
    HttpServer server;
    try {
      server = HttpServer.create(address, 0);
    } catch (IOException e) {
      throw new FicusException(
          ErrorKind.USAGE,
          "metrics cannot be served at " + address + ": " + e.getMessage(),
          "give a free port with --metrics-port and an address of this host with --metrics-host",
          e);
    }
    ExecutorService threads = Executors.newFixedThreadPool(2, DaemonThreads.named("ficus-metrics"));
    server.setExecutor(threads);
    server.createContext(
        "/metrics",
        exchange ->
            answer(exchange, OK, "text/plain; version=0.0.4; charset=utf-8", registry.scrape()));
    server.createContext("/health", exchange -> health(exchange, health.get()));
    server.start();
    return new MetricsEndpoint(server, threads);
  }

  private record Answer(String status, List<String> failed, List<String> unreachable) {}

  private static void health(HttpExchange exchange, RelayHealth health) throws IOException {
    String body =
        JsonMapper.builder()
            .build()
            .writeValueAsString(
                new Answer(
                    health.ready() ? "ready" : "not ready",
                    health.failed().stream().map(Object::toString).toList(),
                    health.unreachable()));
    answer(exchange, health.ready() ? OK : UNAVAILABLE, "application/json", body);
  }

  private static void answer(HttpExchange exchange, int status, String type, String text)
      throws IOException {
    try (exchange) {
      if (!exchange.getRequestMethod().equals("GET")) {
        exchange.sendResponseHeaders(NOT_ALLOWED, -1);
        return;
      }
      byte[] body = text.getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", type);
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
