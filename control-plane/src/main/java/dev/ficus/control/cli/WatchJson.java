package dev.ficus.control.cli;

import dev.ficus.control.DeletedParents;
import dev.ficus.control.Diagnosis;
import dev.ficus.control.Finding;
import dev.ficus.control.StreamHealth;
import dev.ficus.control.StreamReport;
import dev.ficus.postgres.Slots;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamWatch;
import java.util.Map;

/** Streams and findings as programs read them; see {@link Json}. */
final class WatchJson {

  private WatchJson() {}

  static String of(StreamReport report) {
    return Json.write(
        Json.map(
            "streams", report.streams().stream().map(WatchJson::stream).toList(),
            "deletedParents", report.deletedParents().stream().map(WatchJson::parents).toList(),
            "unreachable", report.unreachable()));
  }

  private static Map<String, Object> parents(DeletedParents parents) {
    return Json.map(
        "looseForeignKey", parents.looseForeignKey(),
        "database", parents.database(),
        "parents", parents.parents(),
        "children", parents.children(),
        "failure", parents.failure());
  }

  private static Map<String, Object> stream(StreamHealth stream) {
    StreamRow row = stream.row();
    return Json.map(
        "name", row.name().value(),
        "group", row.group().value(),
        "direction", row.direction().name(),
        "source", row.source(),
        "target", stream.target(),
        "epoch", row.epoch().value(),
        "state", row.state().name(),
        "guarded", row.guarded(),
        "position", row.position().toString(),
        "lagMillis", row.lag().map(lag -> lag.toMillis()),
        "behindBytes", stream.behindBytes(),
        "standingMillis", stream.standing().map(standing -> standing.toMillis()),
        "transactionsPerSecond", stream.transactionsPerSecond(),
        "changesPerSecond", stream.changesPerSecond(),
        "rowsCopied", row.rowsCopied(),
        "rowsEstimated", row.rowsEstimated(),
        "tablesToCopy", row.tablesToCopy(),
        "transactions", row.transactions(),
        "changes", row.changes(),
        "slot", row.slot(),
        "slotActive", stream.slot().map(Slots.Slot::active),
        "retainedBytes", stream.slot().map(Slots.Slot::retainedBytes),
        "walStatus", stream.slot().map(Slots.Slot::walStatus),
        "retries", stream.watch().map(StreamWatch::retries).orElse(0L),
        "lastRetry", stream.watch().flatMap(StreamWatch::lastRetry),
        "throttled", stream.watch().flatMap(StreamWatch::throttleReason),
        "failure", row.failure(),
        "advice", row.advice());
  }

  static String of(Diagnosis diagnosis) {
    return Json.write(
        Json.map(
            "stops",
            diagnosis.stops(),
            "checks",
            diagnosis.checks(),
            "findings",
            diagnosis.findings().stream().map(WatchJson::finding).toList(),
            "removed",
            diagnosis.removed()));
  }

  private static Map<String, Object> finding(Finding finding) {
    return Json.map(
        "severity", finding.severity().name(),
        "check", finding.check(),
        "where", finding.where(),
        "what", finding.what(),
        "why", finding.why(),
        "next", finding.next());
  }
}
