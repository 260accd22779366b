package dev.ficus.demo.show;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.demo.check.Finding;
import dev.ficus.demo.check.Finding.Damage;
import dev.ficus.demo.check.Verdict;
import dev.ficus.demo.script.Break;
import dev.ficus.demo.script.History;
import dev.ficus.demo.traffic.Meter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ResultFileTest {

  private static Result result(List<Finding> findings) {
    return result(findings, OptionalLong.of(1 << 30));
  }

  private static Result result(List<Finding> findings, OptionalLong peakBytes) {
    return new Result(
        70,
        0,
        Duration.ofMillis(77),
        40,
        new Meter.Reading(
            100,
            0,
            0,
            0,
            7,
            Duration.ofMillis(9),
            Duration.ofMillis(8),
            Duration.ofSeconds(4),
            List.of()),
        new Verdict(1000, 3, findings),
        new History(Clock.systemUTC()),
        30,
        20,
        10,
        0,
        Duration.ofMillis(55),
        peakBytes,
        Duration.ofSeconds(100),
        Optional.empty());
  }

  @Test
  void shouldHoldEveryPromisedField() {
    JsonNode json = JsonMapper.builder().build().readTree(ResultFile.json(result(List.of())));

    assertThat(json.propertyNames())
        .contains(
            "acknowledgedWrites",
            "lost",
            "ghosts",
            "stale",
            "requests",
            "failedRequests",
            "flips",
            "rollbacks",
            "writePauseMillis",
            "reads",
            "shadow",
            "reconciled",
            "sequenceCollisions",
            "groups");
    assertThat(json.path("writePauseMillis").propertyNames()).containsExactly("p50", "max");
    assertThat(json.path("reads").propertyNames()).containsExactly("shared", "service");
    assertThat(json.path("shadow").propertyNames()).containsExactly("compared", "mismatches");
    assertThat(json.path("reconciled").propertyNames())
        .containsExactly("tables", "rows", "mismatches", "unknown");
    assertThat(json.path("groups").size()).isEqualTo(3);
    assertThat(json.path("groups").get(0).propertyNames())
        .containsExactly("name", "phases", "tablesDropped");
    assertThat(json.path("groups").get(0).path("phases").get(0).propertyNames())
        .containsExactly("phase", "at");
  }

  @Test
  void shouldCountEachKindOfDamageAndNotHold() {
    Result damaged =
        result(
            List.of(
                new Finding(Damage.LOST, "a"),
                new Finding(Damage.STALE, "b"),
                new Finding(Damage.STALE, "c")));

    JsonNode json = JsonMapper.builder().build().readTree(ResultFile.json(damaged));

    assertThat(json.path("lost").asInt()).isEqualTo(1);
    assertThat(json.path("stale").asInt()).isEqualTo(2);
    assertThat(json.path("ghosts").asInt()).isZero();
    assertThat(damaged.broken()).contains("lost: 1", "stale: 2");
  }

  @Test
  void shouldNotHoldWhenTheMigrationDidNotComeToItsEnd() {
    assertThat(result(List.of()).broken())
        .contains("flips: 0", "rollbacks: 0", "group users ended in SHARED");
  }

  @Test
  void shouldNameTheInjectedFaultAndHowItShowed() {
    List<String> lines =
        Summary.of(
            result(List.of(new Finding(Damage.LOST, "order T-1 is gone"))),
            Optional.of(Break.DROP_CHANGE));

    assertThat(lines)
        .anyMatch(it -> it.contains("injected fault drop-change") && it.contains("as: lost: 1"));
  }

  @Test
  void shouldNotTakeOtherTroubleForTheInjectedFault() {
    // It has broken enough: no flip was made.
    Result unnoticed = result(List.of());

    assertThat(Summary.of(unnoticed, Optional.of(Break.DROP_CHANGE)))
        .anyMatch(it -> it.contains("drop-change") && it.endsWith("NOT FOUND by the record"));
    assertThat(unnoticed.exitCode(Optional.of(Break.DROP_CHANGE))).isEqualTo(5);
    assertThat(unnoticed.exitCode(Optional.empty())).isEqualTo(1);
    assertThat(
            result(List.of(new Finding(Damage.LOST, "a"))).exitCode(Optional.of(Break.DROP_CHANGE)))
        .isEqualTo(1);
  }

  @Test
  void shouldTellTheRateThatWasReachedAndWarnWhenItIsFarBelowTheAskedOne() {
    JsonNode rate =
        JsonMapper.builder().build().readTree(ResultFile.json(result(List.of()))).path("rate");

    assertThat(rate.path("asked").asInt()).isEqualTo(40);
    assertThat(rate.path("reached").asDouble()).isEqualTo(25.0);
    assertThat(rate.path("skippedTicks").asInt()).isEqualTo(7);
    assertThat(Summary.of(result(List.of()), Optional.empty()))
        .anyMatch(line -> line.contains("warning: the customers reached 25 requests/s of the 40"));
  }

  @Test
  void shouldSayThatMemoryIsUnknownInsteadOfPassingItsBound() {
    Result unknown = result(List.of(), OptionalLong.empty());

    JsonNode json = JsonMapper.builder().build().readTree(ResultFile.json(unknown));
    assertThat(json.path("peakMemoryMiB").asString()).isEqualTo("unknown");
    assertThat(Summary.of(unknown, Optional.empty()))
        .anyMatch(it -> it.contains("peak memory") && it.contains("unknown"))
        .anyMatch(it -> it.contains("warning: memory is unknown"));
  }

  @Test
  void shouldTellThePauseAsServicesAndCustomersSawIt() {
    JsonNode clients =
        JsonMapper.builder()
            .build()
            .readTree(ResultFile.json(result(List.of())))
            .path("clientMillis");

    assertThat(clients.path("longestFenceWait").asInt()).isEqualTo(55);
    assertThat(clients.path("slowestWrite").asInt()).isEqualTo(8);
    assertThat(clients.path("longestGapBetweenWrites").asInt()).isEqualTo(77);
  }

  @Test
  void shouldWriteTheWholeFileOverAnEarlierOneAndLeaveNothingElse(@TempDir Path folder)
      throws IOException {
    Path file = Files.writeString(folder.resolve("result.json"), "earlier");

    assertThat(ResultFile.obstacle(file)).isEmpty();
    assertThat(file).hasContent("earlier");
    ResultFile.write(file, result(List.of()));

    assertThat(Files.readString(file)).startsWith("{").endsWith("}\n");
    assertThat(folder.toFile().list()).containsExactly("result.json");
  }
}
