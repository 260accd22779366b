package dev.ficus.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.control.cli.FicusCli;
import dev.ficus.control.internal.relay.RunningRelay;
import dev.ficus.core.Phase;
import dev.ficus.relay.RelayRole;
import dev.ficus.testkit.Rule;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class WatchingTest {

  private final Path folder;

  WatchingTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  @Rule({"R20", "R21"})
  void shouldShowStreamsAndServeMetricsAndHealth() throws Exception {
    try (Store store = new Store(folder)) {
      assertThat(run("streams")).isEqualTo("no streams");
      store.bring(Store.USERS, Phase.FOLLOWING);
      assertThat(run("streams", "--over", "100"))
          .contains("STREAM         FROM    INTO   STATE      POSITION")
          .containsPattern("users\\.forward  shared  users  STREAMING  \\S+ .* reserved  0");
      JsonNode stream =
          JsonMapper.builder()
              .build()
              .readTree(run("streams", "--json", "--over", "100"))
              .get("streams")
              .get(0);
      assertThat(stream.get("state").asString()).isEqualTo("STREAMING");
      assertThat(stream.get("walStatus").asString()).isEqualTo("reserved");
      assertThat(stream.get("retainedBytes").asLong()).isNotNegative();

      try (RunningRelay relay =
          RunningRelay.start(
              store.manifest,
              EnumSet.allOf(RelayRole.class),
              Optional.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)))) {
        int port = relay.metricsPort().orElseThrow();
        awaitAnswer(port, "/metrics", 200, "ficus_slot_wal_status{direction=\"forward\"");
        HttpResponse<String> metrics = get(port, "/metrics");
        assertThat(metrics.body())
            .contains(
                "ficus_stream_state{direction=\"forward\",group=\"users\",state=\"streaming\",stream=\"users.forward\"} 1.0",
                "ficus_stream_lag_seconds",
                "ficus_slot_retained_bytes",
                "ficus_stream_changes_total")
            .doesNotContain(store.shared.address().url());
        assertThat(get(port, "/health").body()).contains("\"ready\"");
        store.stopRelay();
        store.users.execute(
            "update ficus.stream set state = 'FAILED', failure = 'it broke', advice = 'mend it'");
        awaitAnswer(port, "/health", 503, "users.forward");
      }
      assertThat(run("streams"))
          .contains("users.forward\n  it broke\n  next: mend it")
          .contains("FAILED");
    }
  }

  private String run(String command, String... arguments) {
    String[] all = new String[arguments.length + 3];
    all[0] = command;
    all[1] = "--manifest";
    all[2] = folder.resolve("ficus.yaml").toString();
    System.arraycopy(arguments, 0, all, 3, arguments.length);
    PrintStream out = System.out;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream captured = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
      System.setOut(captured);
      assertThat(FicusCli.run(all)).isZero();
      return bytes.toString(StandardCharsets.UTF_8).strip();
    } finally {
      System.setOut(out);
    }
  }

  private static void awaitAnswer(int port, String path, int status, String text)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + 30_000_000_000L;
    while (true) {
      HttpResponse<String> response = get(port, path);
      if (response.statusCode() == status && response.body().contains(text)) {
        return;
      }
      assertThat(System.nanoTime())
          .as("%s answers %s: %s", path, response.statusCode(), response.body())
          .isLessThan(deadline);
      LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
    }
  }

  private static HttpResponse<String> get(int port, String path)
      throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
            HttpResponse.BodyHandlers.ofString());
  }
}
