package dev.ficus.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The whole demo, as small as it can be: a process of its own, as {@code ./ficus demo} starts it.
 */
class DemoRunTest {

  /** Only a run that hangs takes so long; a slow machine needs a minute or two. */
  private static final int PATIENCE_MINUTES = 10;

  private static final List<String> PHASES =
      List.of(
          "SHARED",
          "PROVISIONED",
          "COPYING",
          "FOLLOWING",
          "DUAL_WRITING",
          "READS_SHADOWED",
          "READS_MOVING",
          "READS_MOVED",
          "WRITES_MOVED",
          "READS_MOVED",
          "WRITES_MOVED",
          "SEALED",
          "RETIRED",
          "DROPPED");

  @Test
  void shouldMigrateTheStoreAndHold(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("result.json");

    int exit = run(folder, "--rows", "2000", "--dwell", "0", "--json", file.toString());

    assertThat(exit).as(Files.readString(folder.resolve("output"))).isZero();
    JsonNode json = JsonMapper.builder().build().readTree(Files.readString(file));
    assertThat(json.path("acknowledgedWrites").asLong()).isPositive();
    for (String none : List.of("lost", "ghosts", "stale", "failedRequests", "sequenceCollisions")) {
      assertThat(json.path(none).asLong(-1)).as(none).isZero();
    }
    assertThat(json.path("requests").asLong()).isPositive();
    // Two products are scarce: an order that wants one gives back what it has reserved before.
    assertThat(json.path("compensations").asInt()).isPositive();
    assertThat(json.path("flips").asInt()).isEqualTo(6);
    assertThat(json.path("rollbacks").asInt()).isEqualTo(3);
    assertThat(json.path("writePauseMillis").path("max").asLong(-1)).isNotNegative();
    assertThat(json.path("reads").path("shared").asLong()).isPositive();
    assertThat(json.path("reads").path("service").asLong()).isPositive();
    assertThat(json.path("shadow").path("compared").asLong()).isPositive();
    assertThat(json.path("shadow").path("mismatches").asLong(-1)).isZero();
    assertThat(json.path("reconciled").path("rows").asLong()).isPositive();
    assertThat(json.path("reconciled").path("mismatches").asLong(-1)).isZero();
    assertThat(json.path("broken").size()).isZero();
    JsonNode groups = json.path("groups");
    assertThat(groups.size()).isEqualTo(3);
    for (JsonNode group : groups) {
      assertThat(group.path("phases").valueStream().map(it -> it.path("phase").asString()))
          .as("phases of %s", group.path("name"))
          .isEqualTo(PHASES);
    }
    assertThat(groups.valueStream().map(it -> it.path("name").asString()))
        .containsExactly("users", "inventory", "orders");
    assertThat(
            groups
                .valueStream()
                .flatMap(it -> it.path("tablesDropped").valueStream())
                .map(JsonNode::asString))
        .containsExactlyInAnyOrder(
            "users",
            "profiles",
            "categories",
            "products",
            "reservations",
            "orders",
            "order_items",
            "order_intents",
            "payments");
  }

  /** Its servers and services end with it, also when this test is stopped. */
  private static int run(Path folder, String... options) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                DemoCommand.class.getName()));
    command.addAll(List.of(options));
    File output = folder.resolve("output").toFile();
    Process demo =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output)
            .start();
    try {
      assertThat(demo.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES))
          .as("ended; so far: %s", Files.readString(output.toPath()))
          .isTrue();
      return demo.exitValue();
    } finally {
      demo.destroy();
      demo.waitFor();
    }
  }
}
