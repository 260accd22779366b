package dev.ficus.control.cli;

import dev.ficus.control.FlipSummary;
import dev.ficus.control.GateRefusedException;
import dev.ficus.control.GateResult;
import dev.ficus.control.GroupStatus;
import dev.ficus.control.InstanceSummary;
import dev.ficus.control.Outcome;
import dev.ficus.control.Plan;
import dev.ficus.control.ReconciliationRun;
import dev.ficus.core.FicusException;
import dev.ficus.core.GroupName;
import dev.ficus.postgres.CopyLimits;
import dev.ficus.postgres.CopyProgress;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.StreamRow;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Results as programs read them. Times are milliseconds or ISO 8601; names are as in the docs. */
final class Json {

  private Json() {}

  static String write(Object value) {
    return JsonMapper.builder()
        .enable(SerializationFeature.INDENT_OUTPUT)
        .build()
        .writeValueAsString(value);
  }

  static Map<String, Object> map(Object... keysAndValues) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      Object value = keysAndValues[i + 1];
      if (value instanceof Optional<?> optional) {
        if (optional.isEmpty()) {
          continue;
        }
        value = optional.get();
      }
      map.put(String.valueOf(keysAndValues[i]), value);
    }
    return map;
  }

  static String error(Exception error, int exitCode) {
    Map<String, Object> map =
        map(
            "error",
            error instanceof FicusException ficus
                ? ficus.what()
                : String.valueOf(error.getMessage()),
            "next",
            error instanceof FicusException ficus ? Optional.of(ficus.next()) : Optional.empty(),
            "exitCode",
            exitCode);
    if (error instanceof GateRefusedException refused) {
      map.put("unmet", refused.unmet().stream().map(Json::gate).toList());
    }
    return write(map);
  }

  static String of(Outcome outcome) {
    return write(
        map(
            "group", outcome.group().value(),
            "from", outcome.from().name(),
            "to", outcome.to().name(),
            "writePauseMillis", outcome.writePause().map(pause -> pause.toMillis()),
            "steps",
                outcome.steps().stream()
                    .map(step -> map("title", step.title(), "millis", step.took().toMillis()))
                    .toList()));
  }

  static String of(Plan plan) {
    return write(
        map(
            "group", plan.group().value(),
            "from", plan.from().name(),
            "to", plan.to().name(),
            "unfinished", plan.unfinished(),
            "gates", plan.gates().stream().map(Json::gate).toList(),
            "steps",
                plan.steps().stream()
                    .map(
                        step ->
                            map(
                                "title",
                                step.title(),
                                "sql",
                                step.sql().stream()
                                    .map(sql -> map("database", sql.database(), "text", sql.text()))
                                    .toList()))
                    .toList()));
  }

  static String of(ReconciliationRun run) {
    return write(
        map(
            "group", run.group().value(),
            "id", run.id(),
            "at", run.at().toString(),
            "verdict", run.verdict().name(),
            "rows", run.rows(),
            "reason", run.reason(),
            "tables",
                run.tables().stream()
                    .map(
                        table ->
                            map(
                                "table", table.table().toString(),
                                "rows", table.rows(),
                                "mismatches", table.mismatches()))
                    .toList(),
            "findings",
                run.findings().stream()
                    .map(
                        finding ->
                            map(
                                "table", finding.table().toString(),
                                "key", finding.key(),
                                "kind", finding.kind()))
                    .toList()));
  }

  static String of(List<GroupStatus> statuses) {
    return write(map("groups", statuses.stream().map(Json::status).toList()));
  }

  private static Map<String, Object> status(GroupStatus status) {
    return map(
        "name", status.group().value(),
        "service", status.service().value(),
        "tables", status.tables().stream().map(Object::toString).toList(),
        "phase", status.phase().name(),
        "settled", status.settled(),
        "epoch", status.epoch().value(),
        "routeVersion", status.routeVersion(),
        "readPercentage", status.readPercentage(),
        "shadowPercentage", status.shadowPercentage(),
        "killSwitch", status.killSwitch(),
        "fences",
            map(
                "shared", status.sharedFence().map(Json::fence),
                "service", status.serviceFence().map(Json::fence)),
        "streams", status.streams().stream().map(stream -> stream(status, stream)).toList(),
        "instances", instances(status.instances()),
        "unmet", status.unmet().stream().map(Json::gate).toList(),
        "refused", status.refused(),
        "unreachable", status.unreachable(),
        "lastFlip", status.lastFlip().map(Json::flip));
  }

  private static Map<String, Object> fence(Fence.Reading fence) {
    return map("state", fence.state().name(), "epoch", fence.epoch().value());
  }

  private static Map<String, Object> flip(FlipSummary flip) {
    return map(
        "to", flip.to().name(),
        "epoch", flip.epoch().value(),
        "decidedAt", flip.decidedAt().map(Object::toString),
        "writePauseMillis", flip.pause().map(pause -> pause.toMillis()));
  }

  private static Map<String, Object> stream(GroupStatus status, StreamRow stream) {
    return map(
        "name", stream.name().value(),
        "direction", stream.direction().name(),
        "source", stream.source(),
        "epoch", stream.epoch().value(),
        "state", stream.state().name(),
        "guarded", stream.guarded(),
        "position", stream.position().toString(),
        "lagMillis", stream.lag().map(lag -> lag.toMillis()),
        "standingMillis",
            Optional.ofNullable(status.standing().get(stream.name())).map(Duration::toMillis),
        "rowsCopied", stream.rowsCopied(),
        "rowsEstimated", stream.rowsEstimated(),
        "tablesToCopy", stream.tablesToCopy(),
        "copying", stream.copying().map(Json::copying),
        "transactions", stream.transactions(),
        "changes", stream.changes(),
        "failure", stream.failure(),
        "advice", stream.advice());
  }

  private static Map<String, Object> copying(CopyProgress progress) {
    return map(
        "beganAt", progress.beganAt().toString(),
        "bytesEstimated", progress.bytesEstimated(),
        "bytesCopied", progress.bytesCopied(),
        "rowsPerSecond", progress.rowsPerSecond(),
        "bytesPerSecond", progress.bytesPerSecond(),
        "timeLeft", progress.left().map(Duration::toString).orElse("unknown"),
        "indexes", progress.indexes(),
        "indexesBuilt", progress.indexesBuilt(),
        "paused", progress.paused());
  }

  static String of(GroupName group, CopyLimits limits) {
    return write(
        map(
            "group", group.value(),
            "rowsPerSecond", limits.rowsPerSecond(),
            "bytesPerSecond", limits.bytesPerSecond(),
            "maxStandbyLagMillis", limits.maxStandbyLag().map(Duration::toMillis),
            "maxActiveSessions", limits.maxActiveSessions()));
  }

  private static Map<String, Object> instances(InstanceSummary instances) {
    return map(
        "running", instances.running(),
        "acknowledged", instances.acknowledged(),
        "readsShared", instances.readsShared(),
        "readsService", instances.readsService(),
        "readsFallenBack", instances.readsFallenBack(),
        "shadowCompared", instances.shadowCompared(),
        "shadowMismatches", instances.shadowMismatches(),
        "shadowUnresolved", instances.shadowUnresolved(),
        "dualWrites", instances.dualWrites(),
        "dualWritesLeft", instances.dualWritesLeft(),
        "fenceWaits", instances.fenceWaits(),
        "fenceWaitMaxMillis", instances.fenceWaitMax().toMillis());
  }

  private static Map<String, Object> gate(GateResult gate) {
    return map(
        "gate", gate.gate(),
        "open", gate.open(),
        "measured", gate.measured(),
        "bound", gate.bound(),
        "mayBeOverridden", gate.mayBeOverridden(),
        "remedy", gate.remedy(),
        "measuredAt", gate.measuredAt().map(Object::toString));
  }
}
