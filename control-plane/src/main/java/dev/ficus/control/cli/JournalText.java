package dev.ficus.control.cli;

import dev.ficus.control.GateOverride;
import dev.ficus.control.JournalEntry;
import dev.ficus.core.GroupName;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The journal of a group, as people and as programs read it. */
final class JournalText {

  private JournalText() {}

  static String of(GroupName group, List<JournalEntry> entries) {
    if (entries.isEmpty()) {
      return "no command has been given for group " + group;
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("WHEN", "WHO", "COMMAND", "PHASE", "OUTCOME"));
    entries.forEach(entry -> rows.add(row(entry)));
    // The table's lines and the entries go in step, but for the head.
    List<String> lines = Columns.aligned(rows).lines().toList();
    StringBuilder text = new StringBuilder(lines.get(0)).append('\n');
    for (int i = 0; i < entries.size(); i++) {
      text.append(lines.get(i + 1)).append('\n');
      for (GateOverride override : entries.get(i).overrides()) {
        text.append("    override ").append(override.gate()).append(" by ").append(override.by());
        text.append(": ").append(override.reason()).append('\n');
      }
      entries.get(i).error().ifPresent(error -> text.append(error.strip().indent(4)));
    }
    return text.toString().stripTrailing();
  }

  private static List<String> row(JournalEntry entry) {
    return List.of(
        entry.at().truncatedTo(ChronoUnit.SECONDS).toString(),
        entry.actor(),
        entry.command(),
        entry.from() == entry.to() ? entry.from().name() : entry.from() + " -> " + entry.to(),
        entry.outcome()
            + entry
                .writePause()
                .map(pause -> ", writes paused for " + Text.duration(pause))
                .orElse(""));
  }

  static String json(GroupName group, List<JournalEntry> entries) {
    return Json.write(
        Json.map(
            "group", group.value(), "entries", entries.stream().map(JournalText::entry).toList()));
  }

  private static Map<String, Object> entry(JournalEntry entry) {
    return Json.map(
        "at", entry.at().toString(),
        "actor", entry.actor(),
        "command", entry.command(),
        "from", entry.from().name(),
        "to", entry.to().name(),
        "outcome", entry.outcome(),
        "writePauseMillis", entry.writePause().map(Duration::toMillis),
        "overrides", entry.overrides(),
        "error", entry.error());
  }
}
