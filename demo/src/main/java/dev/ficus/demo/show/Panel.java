package dev.ficus.demo.show;

import dev.ficus.control.FlipSummary;
import dev.ficus.control.GroupStatus;
import dev.ficus.core.Direction;
import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.demo.traffic.Meter;
import dev.ficus.postgres.StreamRow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The panel's lines: one for each group, and one for the customers. */
public final class Panel {

  /** Fits 79 characters: the last column of the usual 80 stays free. */
  private static final String NARROW = "  %-9s %-18s %8s %11s %16s %8s";

  private static final String WIDE = "  %-10s %-18s %8s  %20s  %19s  %11s";
  private static final int WIDE_COLUMNS = 98;

  private final Map<GroupName, String> copied = new HashMap<>();
  private long lastRequests;
  private long lastAt = System.nanoTime();
  private double rate;

  /**
   * Draws the present state.
   *
   * @param columns how many characters a line may have
   */
  public List<String> lines(
      List<GroupStatus> groups, Meter.Reading traffic, long acknowledged, int columns) {
    measureRate(traffic);
    boolean wide = columns >= WIDE_COLUMNS;
    String row = wide ? WIDE : NARROW;
    List<String> lines = new ArrayList<>();
    lines.add("");
    lines.add(
        wide
            ? line(row, "group", "phase", "lag", "rows copied", "reads shared/own", "write pause")
            : line(row, "group", "phase", "lag", "copied", "reads shared/own", "pause"));
    // Where there is room, how far each group has come is seen without reading.
    int bar = Math.min(30, columns - WIDE_COLUMNS - 2);
    for (GroupStatus group : groups) {
      String line =
          line(
              row,
              group.group(),
              phase(group),
              lag(group),
              copied(group, wide),
              String.format(
                  Locale.ROOT,
                  "%,d/%,d",
                  group.instances().readsShared(),
                  group.instances().readsService()),
              pause(group));
      lines.add(bar >= Phase.values().length ? line + "  " + bar(group.phase(), bar) : line);
    }
    lines.add("  " + customers(traffic, acknowledged));
    return lines;
  }

  private static String line(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  private static String bar(Phase phase, int width) {
    List<Phase> all = List.of(Phase.values());
    int done = width * all.indexOf(phase) / (all.size() - 1);
    return "#".repeat(done) + ".".repeat(width - done);
  }

  /** The same in one line. */
  public String line(List<GroupStatus> groups, Meter.Reading traffic, long acknowledged) {
    return groups.stream()
            .map(group -> group.group() + " " + phase(group) + " lag " + lag(group))
            .collect(Collectors.joining(" | "))
        + " | "
        + customers(traffic, acknowledged);
  }

  private void measureRate(Meter.Reading traffic) {
    long now = System.nanoTime();
    double seconds = (now - lastAt) / 1e9;
    if (seconds >= 1) {
      rate = (traffic.requests() - lastRequests) / seconds;
      lastRequests = traffic.requests();
      lastAt = now;
    }
  }

  private String customers(Meter.Reading traffic, long acknowledged) {
    return String.format(
        Locale.ROOT,
        "%.0f requests/s, %,d in all, %d failed, %,d writes acknowledged",
        rate,
        traffic.requests(),
        traffic.failed(),
        acknowledged);
  }

  private static String phase(GroupStatus group) {
    return group.phase() == Phase.READS_MOVING
        ? group.phase() + " " + group.readPercentage() + " %"
        : group.phase().toString();
  }

  private static String lag(GroupStatus group) {
    return own(group).stream()
        .flatMap(row -> row.lag().stream())
        .max(Duration::compareTo)
        .map(lag -> lag.toMillis() + " ms")
        .orElse("-");
  }

  /** The stream that copied is gone once writes have moved; what it copied stays true. */
  private String copied(GroupStatus group, boolean estimated) {
    own(group).stream()
        .filter(row -> row.direction() == Direction.FORWARD && row.rowsCopied() > 0)
        .findFirst()
        .ifPresent(
            row ->
                copied.put(
                    group.group(),
                    String.format(Locale.ROOT, "%,d", row.rowsCopied())
                        // A table that was never analyzed has an estimate of none.
                        + row.rowsEstimated()
                            .filter(rows -> estimated && rows >= row.rowsCopied())
                            .map(rows -> String.format(Locale.ROOT, " of ~%,d", rows))
                            .orElse("")));
    return copied.getOrDefault(group.group(), "-");
  }

  private static List<StreamRow> own(GroupStatus group) {
    return group.streams().stream().filter(row -> row.direction() != Direction.REFERENCE).toList();
  }

  private static String pause(GroupStatus group) {
    return group
        .lastFlip()
        .flatMap(FlipSummary::pause)
        .map(pause -> pause.toMillis() + " ms")
        .orElse("-");
  }
}
