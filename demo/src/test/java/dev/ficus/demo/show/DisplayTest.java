package dev.ficus.demo.show;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.control.FlipSummary;
import dev.ficus.control.GroupStatus;
import dev.ficus.control.InstanceSummary;
import dev.ficus.control.Progress;
import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.core.ServiceName;
import dev.ficus.core.Side;
import dev.ficus.demo.traffic.Meter;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a terminal shows of the display: its lines wrap, and the cursor goes up by lines. */
class DisplayTest {

  private static final String LONG_EVENT =
      "users: a drop too early is refused (exit code 2): view public.product_listing still depends"
          + " on table public.users, and neither the manifest nor the operator has decided about"
          + " it";

  private final ByteArrayOutputStream written = new ByteArrayOutputStream();

  private static GroupStatus group(String name) {
    return new GroupStatus(
        new GroupName(name),
        new ServiceName(name),
        List.of(),
        Phase.READS_MOVING,
        true,
        Epoch.FIRST,
        1,
        100,
        0,
        false,
        Optional.empty(),
        Optional.empty(),
        List.of(),
        Map.of(),
        new InstanceSummary(1, 1, 123_456, 123_456, 0, 0, 0, 0, 0, 0, 0, Duration.ZERO),
        List.of(),
        Optional.of(
            new FlipSummary(
                Side.SERVICE, Epoch.FIRST, Optional.empty(), Optional.of(Duration.ofMillis(1234)))),
        Optional.empty(),
        Map.of());
  }

  private static List<String> panel(int columns) {
    return new Panel()
        .lines(
            List.of(group("users"), group("inventory"), group("orders")),
            new Meter.Reading(
                123_456,
                0,
                0,
                0,
                0,
                Duration.ZERO,
                Duration.ZERO,
                Duration.ofSeconds(9),
                List.of()),
            23_456,
            columns);
  }

  @ParameterizedTest
  @ValueSource(ints = {80, 100, 160})
  void shouldLeaveOnePanelBehindAndNoLineTwice(int terminal) {
    Display display =
        new Display(new PrintStream(written, true, StandardCharsets.UTF_8), true, () -> terminal);
    for (int second = 0; second < 20; second++) {
      display.panel(panel(display.columns()), "");
      display.progress(
          new Progress.Started(
              new GroupName("inventory"), "step " + second + " " + "x".repeat(200)));
    }
    display.say(LONG_EVENT);

    List<String> screen = new Terminal(terminal).show(written.toString(StandardCharsets.UTF_8));

    assertThat(screen).filteredOn(line -> line.contains("reads shared/own")).hasSize(1);
    assertThat(screen).filteredOn(line -> line.contains("READS_MOVING 100 %")).hasSize(3);
    assertThat(screen).filteredOn(line -> line.contains("> inventory: step 19")).hasSize(1);
    assertThat(screen).filteredOn(line -> line.contains("a drop too early")).hasSize(1);
    assertThat(screen).noneMatch(line -> line.contains("step 18"));
  }

  @ParameterizedTest
  @ValueSource(ints = {80, 100, 160})
  void shouldFitThePanelIntoTheTerminalWithoutCutting(int terminal) {
    assertThat(panel(terminal - 1)).allMatch(line -> line.length() < terminal);
    assertThat(panel(terminal - 1)).filteredOn(line -> line.contains("1234 ms")).hasSize(3);
  }

  @Test
  void shouldKeepTheLastPanelWhenALookFails() {
    Deque<Supplier<List<GroupStatus>>> looks = new ArrayDeque<>();
    looks.add(() -> List.of(group("users")));
    looks.add(
        () -> {
          throw new IllegalStateException("column \"partitions\" does not exist");
        });
    Display display =
        new Display(new PrintStream(written, true, StandardCharsets.UTF_8), true, () -> 80);
    Meter.Reading reading =
        new Meter.Reading(
            1, 0, 0, 0, 0, Duration.ZERO, Duration.ZERO, Duration.ofSeconds(9), List.of());
    try (StatusWatch watch =
        new StatusWatch(() -> looks.remove().get(), () -> reading, () -> 1, display)) {
      watch.look();
      watch.look();
      display.say("an event");
    }

    List<String> screen = new Terminal(80).show(written.toString(StandardCharsets.UTF_8));
    assertThat(screen).filteredOn(line -> line.contains("READS_MOVING 100 %")).hasSize(1);
    assertThat(screen).noneMatch(line -> line.contains("partitions"));
  }

  @Test
  void shouldSayThatItIsEndingAndNothingMore() {
    Display display =
        new Display(new PrintStream(written, true, StandardCharsets.UTF_8), true, () -> 80);
    display.panel(panel(79), "");

    display.interrupted();
    display.say("the migration stopped: the connection is closed");
    display.panel(panel(79), "");
    display.print(List.of("DID NOT HOLD:"));

    List<String> screen = new Terminal(80).show(written.toString(StandardCharsets.UTF_8));
    assertThat(screen)
        .singleElement()
        .satisfies(line -> assertThat(line).contains("interrupted, ending…"));
  }

  @Test
  void shouldBreakEventsBetweenWords() {
    assertThat(Display.folded("one two three", 7)).containsExactly("one two", "three");
    assertThat(Display.folded("onetwothree", 4)).containsExactly("onet", "woth", "ree");
  }

  @Test
  void shouldTakeTheUsualWidthWhereTheTerminalDoesNotTell() {
    assertThat(TerminalWidth.parse("24 132\n")).isEqualTo(132);
    assertThat(TerminalWidth.parse("0 0\n")).isEqualTo(80);
    assertThat(TerminalWidth.parse("")).isEqualTo(80);
  }

  /** As much of a terminal as the display uses. */
  private static final class Terminal {
    private final int width;
    private final ArrayList<StringBuilder> lines = new ArrayList<>();
    private int row;
    private int column;
    private boolean wraps = true;

    Terminal(int width) {
      this.width = width;
    }

    List<String> show(String output) {
      Matcher tokens = Pattern.compile("\u001b\\[(\\??\\d*)([A-Za-z])|\n|.").matcher(output);
      while (tokens.find()) {
        if (tokens.group(2) != null) {
          control(tokens.group(1), tokens.group(2));
        } else if (tokens.group().equals("\n")) {
          row++;
          column = 0;
        } else {
          put(tokens.group());
        }
      }
      return lines.stream().map(StringBuilder::toString).toList();
    }

    private void control(String number, String letter) {
      switch (letter) {
        case "A" -> row -= Integer.parseInt(number);
        case "J" -> lines.subList(Math.min(row, lines.size()), lines.size()).clear();
        case "l" -> wraps = false;
        case "h" -> wraps = true;
        default -> throw new IllegalArgumentException(letter);
      }
    }

    private void put(String character) {
      if (column == width) {
        row += wraps ? 1 : 0;
        column = wraps ? 0 : width - 1;
      }
      while (lines.size() <= row) {
        lines.add(new StringBuilder());
      }
      StringBuilder line = lines.get(row);
      while (line.length() <= column) {
        line.append(' ');
      }
      line.replace(column, column + 1, character);
      column++;
    }
  }
}
