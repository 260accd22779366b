package dev.ficus.demo.show;

import dev.ficus.demo.check.Finding;
import dev.ficus.demo.check.Finding.Damage;
import dev.ficus.demo.script.Break;
import dev.ficus.demo.script.History;
import dev.ficus.demo.script.StoreManifest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** The end of the demo in a table. */
public final class Summary {

  private static final int EXAMPLES = 10;

  private Summary() {}

  /** The lines to print. */
  public static List<String> of(Result result, Optional<Break> fault) {
    List<String> lines = new ArrayList<>();
    History history = result.history();
    lines.add("");
    row(lines, "acknowledged writes", "%,d", result.acknowledgedWrites());
    row(lines, "  lost", "%,d", result.verdict().count(Damage.LOST));
    row(lines, "  ghosts", "%,d", result.verdict().count(Damage.GHOST));
    row(lines, "  stale", "%,d", result.verdict().count(Damage.STALE));
    row(lines, "subjects checked", "%,d", result.verdict().subjects());
    row(
        lines,
        "requests",
        "%,d, of which %d failed; the slowest took %d ms",
        result.traffic().requests(),
        result.traffic().failed(),
        result.traffic().slowest().toMillis());
    row(
        lines,
        "requests a second",
        "%.1f of %d asked for; %,d ticks skipped",
        result.traffic().rate(),
        result.askedRate(),
        result.traffic().skipped());
    row(lines, "reads behind own writes", "%,d", result.traffic().staleReads());
    row(lines, "compensations", "%,d orders gave back stock", result.verdict().compensations());
    row(lines, "flips and ways back", "%d and %d", history.flips(), history.rollbacks());
    row(lines, "write pauses", "%s", pauses(history.pauses()));
    row(
        lines,
        "  as the services saw it",
        "%d ms, the longest wait at a closed fence",
        result.fenceWaitMax().toMillis());
    row(
        lines,
        "  as the customers saw it",
        "%d ms, the slowest write; %d ms, the longest without any",
        result.traffic().slowestWrite().toMillis(),
        result.longestGap().toMillis());
    row(lines, "reads shared / service", "%,d / %,d", result.readsShared(), result.readsService());
    row(
        lines,
        "shadow comparisons",
        "%,d, %d mismatches",
        result.shadowCompared(),
        result.shadowMismatches());
    row(
        lines,
        "reconciled",
        "%,d rows in %d tables, %d mismatches, %d unknown",
        history.reconciled().rows(),
        history.reconciled().tables(),
        history.reconciled().mismatches(),
        history.reconciled().unknown());
    row(lines, "sequence collisions", "%d", result.traffic().sequenceCollisions());
    row(
        lines,
        "tables dropped",
        "%s",
        StoreManifest.GROUPS.stream()
            .flatMap(group -> history.dropped(group).stream())
            .map(table -> table.name())
            .collect(Collectors.joining(", ")));
    row(
        lines,
        "peak memory, everything",
        "%s",
        result.peakBytes().isPresent()
            ? (result.peakBytes().getAsLong() >> 20) + " MiB"
            : "unknown");
    row(lines, "time", "%d s", result.took().toSeconds());
    result.traffic().failures().stream()
        .limit(EXAMPLES)
        .forEach(it -> lines.add("  failure: " + it));
    result.verdict().findings().stream()
        .limit(EXAMPLES)
        .map(Finding::toString)
        .forEach(it -> lines.add("  " + it));
    result.warnings().forEach(it -> lines.add("  warning: " + it));
    lines.add("");
    end(lines, result, fault);
    return lines;
  }

  private static void end(List<String> lines, Result result, Optional<Break> fault) {
    List<String> broken = result.broken();
    if (fault.isPresent()) {
      String injected = "injected fault " + fault.get() + " (" + fault.get().what() + ")";
      lines.add(
          result.found().isEmpty()
              ? injected + " was NOT FOUND by the record"
              : injected + " showed as: " + String.join(", ", result.found()));
      bullets(lines, "what did not hold besides:", besides(result));
    } else if (broken.isEmpty()) {
      lines.add("Everything held: three databases, nothing lost.");
    } else {
      bullets(lines, "DID NOT HOLD:", broken);
    }
  }

  private static List<String> besides(Result result) {
    return result.broken().stream().filter(it -> !result.found().contains(it)).toList();
  }

  private static void bullets(List<String> lines, String title, List<String> bullets) {
    if (!bullets.isEmpty()) {
      lines.add(title);
      bullets.forEach(it -> lines.add("  - " + it));
    }
  }

  private static String pauses(List<Duration> pauses) {
    return pauses.isEmpty()
        ? "none"
        : "p50 "
            + Percentile.median(pauses).toMillis()
            + " ms, longest "
            + Percentile.longest(pauses).toMillis()
            + " ms";
  }

  private static void row(List<String> lines, String title, String format, Object... values) {
    lines.add(
        String.format(Locale.ROOT, "  %-26s ", title) + String.format(Locale.ROOT, format, values));
  }
}
