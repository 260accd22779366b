package dev.ficus.demo.show;

import dev.ficus.control.FlipSummary;
import dev.ficus.control.GroupStatus;
import dev.ficus.core.Direction;
import dev.ficus.core.Phase;
import dev.ficus.demo.traffic.Meter;
import dev.ficus.postgres.StreamRow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The panel's lines: one for each group, and one for the customers. */
public final class Panel {

  private static final String ROW = "  %-10s %-22s %-8s %-20s %-19s %s";

  private long lastRequests;
  private long lastAt = System.nanoTime();
  private double rate;

  /** Draws the present state. */
  public List<String> lines(List<GroupStatus> groups, Meter.Reading traffic, long acknowledged) {
    measureRate(traffic);
    List<String> lines = new ArrayList<>();
    lines.add("");
    lines.add(
        String.format(
            Locale.ROOT,
            ROW,
            "group",
            "phase",
            "lag",
            "rows copied",
            "reads shared/own",
            "write pause"));
    for (GroupStatus group : groups) {
      lines.add(
          String.format(
              Locale.ROOT,
              ROW,
              group.group(),
              phase(group),
              lag(group),
              copied(group),
              String.format(
                  Locale.ROOT,
                  "%,d/%,d",
                  group.instances().readsShared(),
                  group.instances().readsService()),
              pause(group)));
    }
    lines.add("  " + customers(traffic, acknowledged));
    return lines;
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
        "%.0f requests/s, %,d requests, %d failed, %,d acknowledged writes",
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

  private static String copied(GroupStatus group) {
    return own(group).stream()
        .filter(row -> row.direction() == Direction.FORWARD && row.rowsCopied() > 0)
        .findFirst()
        .map(
            row ->
                String.format(Locale.ROOT, "%,d", row.rowsCopied())
                    // A table that was never analyzed has an estimate of none.
                    + row.rowsEstimated()
                        .filter(rows -> rows >= row.rowsCopied())
                        .map(rows -> String.format(Locale.ROOT, " of ~%,d", rows))
                        .orElse(""))
        .orElse("-");
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
