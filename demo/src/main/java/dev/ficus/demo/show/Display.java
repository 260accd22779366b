package dev.ficus.demo.show;

import dev.ficus.control.Progress;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * The terminal: events scroll by, and below them a panel that is redrawn. Where there is no
 * terminal, events and now and then a status line, each with the time.
 */
public final class Display {

  private static final Duration PLAIN_STATUS = Duration.ofSeconds(10);

  private final PrintStream out;
  private final boolean ansi;
  private final int width;
  private final long start = System.nanoTime();
  private int panelLines;
  private List<String> panel = List.of();
  private String step = "";
  private long lastStatus = System.nanoTime();

  /**
   * @param ansi whether the terminal understands cursor movement
   * @param width how many characters a panel line may have
   */
  public Display(PrintStream out, boolean ansi, int width) {
    this.out = out;
    this.ansi = ansi;
    this.width = width;
  }

  /** For this process's standard output. */
  public static Display ofTerminal() throws IOException {
    boolean terminal =
        !System.getenv().getOrDefault("TERM", "dumb").equals("dumb") && standardOutputIsTerminal();
    String columns = System.getenv().getOrDefault("COLUMNS", "100");
    int width = columns.matches("[1-9][0-9]{1,3}") ? Integer.parseInt(columns) : 100;
    return new Display(System.out, terminal, width);
  }

  /**
   * Asks the system: what {@code System.console()} says of terminals differs between Java versions.
   */
  private static boolean standardOutputIsTerminal() throws IOException {
    try {
      return new ProcessBuilder("test", "-t", "1").inheritIO().start().waitFor() == 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Says what has happened. */
  public synchronized void say(String event) {
    erase();
    for (String line : event.split("\n", -1)) {
      out.println(elapsed() + "  " + line);
    }
    draw();
  }

  /** Prints lines without the time, such as a summary. */
  public synchronized void print(List<String> lines) {
    erase();
    panel = List.of();
    lines.forEach(out::println);
    out.flush();
  }

  /** Shows which step a command is at. */
  public synchronized void progress(Progress progress) {
    if (progress instanceof Progress.Failed failed) {
      say(failed.group() + ": FAILED: " + failed.title());
    } else if (progress instanceof Progress.Started) {
      step = progress.group() + ": " + progress.title();
      redraw();
    }
  }

  /**
   * Renews the panel.
   *
   * @param lines the panel
   * @param status the same in one line, for where nothing can be redrawn
   */
  public synchronized void panel(List<String> lines, String status) {
    panel = lines;
    if (ansi) {
      redraw();
    } else if (System.nanoTime() - lastStatus > PLAIN_STATUS.toNanos()) {
      lastStatus = System.nanoTime();
      out.println(elapsed() + "  " + status);
      out.flush();
    }
  }

  private void redraw() {
    if (ansi) {
      erase();
      draw();
    }
  }

  private void erase() {
    if (ansi && panelLines > 0) {
      // Up to the panel's first line, and clear from there to the end of the screen.
      out.print("\u001b[" + panelLines + "A\u001b[J");
      panelLines = 0;
    }
  }

  private void draw() {
    if (ansi && !panel.isEmpty()) {
      panel.forEach(line -> out.println(cut(line)));
      out.println(cut("  > " + step));
      panelLines = panel.size() + 1;
    }
    out.flush();
  }

  private String cut(String line) {
    return line.length() <= width ? line : line.substring(0, width - 1) + "…";
  }

  private String elapsed() {
    long tenths = (System.nanoTime() - start) / 100_000_000;
    return String.format(Locale.ROOT, "%02d:%02d.%d", tenths / 600, tenths / 10 % 60, tenths % 10);
  }
}
