package dev.ficus.control.cli;

import dev.ficus.control.GateResult;
import dev.ficus.control.Outcome;
import dev.ficus.control.Plan;
import dev.ficus.control.ReconciliationRun;
import java.time.Duration;
import java.util.Locale;

/** Results as people read them. */
final class Text {

  private Text() {}

  static String duration(Duration duration) {
    long millis = duration.toMillis();
    if (millis < 1_000) {
      return millis + " ms";
    }
    return millis < 60_000
        ? String.format(Locale.ROOT, "%.1f s", millis / 1000.0)
        : String.format(Locale.ROOT, "%d:%02d min", millis / 60_000, millis / 1000 % 60);
  }

  static String of(Outcome outcome) {
    String moved =
        outcome.from() == outcome.to()
            ? "group " + outcome.group() + " stays in " + outcome.to() + "; its route has changed"
            : "group " + outcome.group() + ": " + outcome.from() + " -> " + outcome.to();
    return moved
        + outcome.writePause().map(pause -> "; writes paused for " + duration(pause)).orElse("");
  }

  static String of(Plan plan) {
    StringBuilder text = new StringBuilder();
    text.append("group ").append(plan.group()).append(": ").append(plan.from()).append(" -> ");
    text.append(plan.to()).append(" (a dry run; nothing is executed)\n");
    plan.unfinished().ifPresent(what -> text.append("\nunfinished: ").append(what).append('\n'));
    if (!plan.gates().isEmpty()) {
      text.append("\ngates, by the evidence stored so far; advance measures anew\n");
      for (GateResult gate : plan.gates()) {
        text.append(
            String.format(
                "  %-4s  %-22s %s; must be %s%n",
                gate.open() ? "open" : "shut", gate.gate(), gate.measured(), gate.bound()));
      }
    }
    text.append("\nsteps\n");
    int number = 1;
    for (Plan.PlannedStep step : plan.steps()) {
      text.append(String.format("%4d. %s%n", number++, step.title()));
      for (Plan.Sql sql : step.sql()) {
        text.append("        -- in ").append(sql.database()).append('\n');
        text.append(sql.text().stripTrailing().indent(8));
      }
    }
    return text.toString().stripTrailing();
  }

  static String of(ReconciliationRun run) {
    StringBuilder text = new StringBuilder();
    text.append("group ").append(run.group()).append(": ").append(run.verdict());
    text.append(String.format(Locale.ROOT, ", %,d rows compared%n", run.rows()));
    for (ReconciliationRun.ComparedTable table : run.tables()) {
      text.append(
          String.format(
              Locale.ROOT,
              "  %-32s %,12d rows  %,6d mismatches%n",
              table.table(),
              table.rows(),
              table.mismatches()));
    }
    for (ReconciliationRun.Finding finding : run.findings()) {
      text.append(String.format("  %-9s  %s %s%n", finding.kind(), finding.table(), finding.key()));
    }
    if (!run.reason().isEmpty()) {
      text.append("  reason: ").append(run.reason()).append('\n');
    }
    return text.toString().stripTrailing();
  }
}
