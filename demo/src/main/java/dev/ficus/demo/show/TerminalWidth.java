package dev.ficus.demo.show;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.IntSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How many characters a line of the terminal holds, asked again about every second since a person
 * may pull its window. {@code COLUMNS} would not do: shells keep it to themselves.
 */
final class TerminalWidth implements IntSupplier {

  /** What a terminal has that does not tell. */
  private static final int USUAL = 80;

  private static final Duration AGE = Duration.ofSeconds(1);
  private static final Pattern SIZE = Pattern.compile("\\d+ (\\d{1,4})\\s*");

  // Standard input may be something else while the output is a terminal.
  private static final String SCRIPT = "stty size 2>/dev/null || stty size 2>/dev/null </dev/tty";

  private int columns = USUAL;
  private long askedAt = System.nanoTime() - AGE.toNanos();

  @Override
  public int getAsInt() {
    if (System.nanoTime() - askedAt >= AGE.toNanos()) {
      columns = parse(ask());
      askedAt = System.nanoTime();
    }
    return columns;
  }

  /** Reads the answer of {@code stty size}: lines and columns. */
  static int parse(String size) {
    Matcher matcher = SIZE.matcher(size);
    // A terminal that does not know its size says 0.
    return matcher.matches() && Integer.parseInt(matcher.group(1)) > 0
        ? Integer.parseInt(matcher.group(1))
        : USUAL;
  }

  private static String ask() {
    try {
      Process process =
          new ProcessBuilder("sh", "-c", SCRIPT)
              .redirectInput(ProcessBuilder.Redirect.INHERIT)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      return new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    } catch (IOException unknown) {
      return "";
    }
  }
}
