package dev.ficus.demo.show;

import dev.ficus.control.Progress;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntSupplier;

/**
 * The terminal: events scroll by, and below them a panel that is redrawn. Where there is no
 * terminal, events and now and then a status line, each with the time.
 *
 * <p>The cursor goes up by as many lines as were drawn, so none of them may wrap: each is cut to
 * the terminal's width, and the terminal does not wrap while the panel is drawn, for the moment in
 * which the window has become narrower and nobody has noticed yet.
 */
public final class Display {

  private static final Duration PLAIN_STATUS = Duration.ofSeconds(10);
  private static final String WRAP_OFF = "\u001b[?7l";
  private static final String WRAP_ON = "\u001b[?7h";

  /** The time before an event, and what stands before its further lines instead. */
  private static final int MARGIN = 9;

  private final PrintStream out;
  private final boolean ansi;
  private final IntSupplier width;
  private final long start = System.nanoTime();
  private int panelLines;
  private List<String> panel = List.of();
  private String step = "";
  private long lastStatus = System.nanoTime();
  private boolean muted;

  /**
   * @param ansi whether the terminal understands cursor movement
   * @param width how many characters a line of it holds now
   */
  public Display(PrintStream out, boolean ansi, IntSupplier width) {
    this.out = out;
    this.ansi = ansi;
    this.width = width;
  }

  /** For this process's standard output. */
  public static Display ofTerminal() throws IOException {
    boolean terminal =
        !System.getenv().getOrDefault("TERM", "dumb").equals("dumb") && standardOutputIsTerminal();
    return new Display(System.out, terminal, new TerminalWidth());
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

  /** How many characters a line of the panel may have. */
  synchronized int columns() {
    // The last column stays free: some terminals go to the next line as soon as it is filled.
    return Math.max(20, width.getAsInt() - 1);
  }

  /**
   * Says that somebody wants it to end, and nothing from then on: what fails now fails because all
   * that it stands on is being ended.
   */
  public synchronized void interrupted() {
    panel = List.of();
    say("interrupted, ending…");
    muted = true;
  }

  /** Says what has happened. */
  public synchronized void say(String event) {
    StringBuilder text = new StringBuilder(erase());
    String margin = elapsed() + "  ";
    for (String line : event.split("\n", -1)) {
      for (String part : ansi ? folded(line, columns() - MARGIN) : List.of(line)) {
        text.append(margin).append(part).append('\n');
        margin = ansi ? " ".repeat(MARGIN) : margin;
      }
    }
    show(text.append(drawn()));
  }

  /** Prints lines without the time, such as a summary. */
  public synchronized void print(List<String> lines) {
    StringBuilder text = new StringBuilder(erase());
    panel = List.of();
    for (String line : lines) {
      String margin = "";
      for (String part : ansi ? folded(line, columns() - 4) : List.of(line)) {
        text.append(margin).append(part).append('\n');
        margin = "    ";
      }
    }
    show(text);
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
      show(new StringBuilder(elapsed()).append("  ").append(status).append('\n'));
    }
  }

  private void redraw() {
    if (ansi) {
      show(new StringBuilder(erase()).append(drawn()));
    }
  }

  /** In one piece: a terminal that shows the erased panel for a moment flickers. */
  private void show(StringBuilder text) {
    if (!muted) {
      out.print(text);
      out.flush();
    }
  }

  private String erase() {
    if (panelLines == 0) {
      return "";
    }
    // Up to the panel's first line, and clear from there to the end of the screen.
    String up = "\u001b[" + panelLines + "A\u001b[J";
    panelLines = 0;
    return up;
  }

  private String drawn() {
    if (!ansi || panel.isEmpty()) {
      return "";
    }
    int columns = columns();
    StringBuilder text = new StringBuilder(WRAP_OFF);
    panel.forEach(line -> text.append(cut(line, columns)).append('\n'));
    text.append(cut("  > " + step, columns)).append('\n').append(WRAP_ON);
    panelLines = panel.size() + 1;
    return text.toString();
  }

  private static String cut(String line, int columns) {
    return line.length() <= columns ? line : line.substring(0, columns - 1) + "…";
  }

  /** Breaks a line between words where it can. */
  static List<String> folded(String line, int columns) {
    List<String> parts = new ArrayList<>();
    String rest = line;
    while (rest.length() > columns) {
      int space = rest.lastIndexOf(' ', columns);
      int end = space > 0 ? space : columns;
      parts.add(rest.substring(0, end));
      rest = rest.substring(end).stripLeading();
    }
    parts.add(rest);
    return parts;
  }

  private String elapsed() {
    long tenths = (System.nanoTime() - start) / 100_000_000;
    return String.format(Locale.ROOT, "%02d:%02d.%d", tenths / 600, tenths / 10 % 60, tenths % 10);
  }
}
