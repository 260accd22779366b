package dev.ficus.control.cli;

import dev.ficus.control.GateResult;
import dev.ficus.control.GroupStatus;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The status table, and below it what needs attention. */
final class StatusText {

  private static final List<String> HEAD =
      List.of("GROUP", "PHASE", "EPOCH", "READS", "FENCE shared/service", "INSTANCES", "STREAMS");

  private static final String UNKNOWN = "?";

  private StatusText() {}

  static String of(List<GroupStatus> statuses) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(HEAD);
    for (GroupStatus status : statuses) {
      List<StreamRow> streams = status.streams();
      rows.add(
          List.of(
              status.group().value(),
              status.phase() + (status.settled() ? "" : " (unfinished)"),
              status.epoch().toString(),
              reads(status),
              fence(status, Database.SHARED, status.sharedFence())
                  + " / "
                  + fence(status, status.service().value(), status.serviceFence()),
              status.unreachable().containsKey(status.service().value())
                  ? UNKNOWN
                  : status.instances().acknowledged() + " of " + status.instances().running(),
              streams.isEmpty() ? "-" : stream(status, streams.get(0))));
      for (StreamRow stream : streams.subList(Math.min(1, streams.size()), streams.size())) {
        rows.add(List.of("", "", "", "", "", "", stream(status, stream)));
      }
    }
    StringBuilder text = new StringBuilder(Columns.aligned(rows));
    statuses.forEach(status -> attention(text, status));
    Map<String, String> unreachable = new TreeMap<>();
    statuses.forEach(status -> unreachable.putAll(status.unreachable()));
    unreachable.forEach(
        (database, reason) ->
            text.append("\nunreachable: ")
                .append(reason)
                .append("; what stands there is missing above\n"));
    return text.toString().stripTrailing();
  }

  private static String reads(GroupStatus status) {
    if (status.killSwitch()) {
      return "held";
    }
    return status.phase().movesReads() ? status.readPercentage() + " %" : "-";
  }

  private static String fence(GroupStatus status, String database, Optional<Fence.Reading> fence) {
    return status.unreachable().containsKey(database)
        ? UNKNOWN
        : fence.map(reading -> reading.state().name()).orElse("-");
  }

  private static Optional<Duration> standing(GroupStatus status, StreamRow stream) {
    return Optional.ofNullable(status.standing().get(stream.name()))
        .filter(standing -> standing.compareTo(StreamsText.STANDING) > 0);
  }

  private static String stream(GroupStatus status, StreamRow stream) {
    String progress =
        switch (stream.state()) {
          case REQUESTED -> "waits for a relay";
          case COPYING -> CopyText.of(stream);
          case STREAMING ->
              stream.tablesToCopy() > 0
                  ? CopyText.tables(stream)
                  : standing(status, stream)
                          .map(standing -> "stands still for " + Text.duration(standing))
                          .orElse("lag " + stream.lag().map(Text::duration).orElse("unknown"))
                      + (stream.guarded() ? ", guarded" : "");
          case STOPPED, FAILED -> "at " + stream.position();
        };
    return stream.name() + " " + stream.state() + ", " + progress;
  }

  private static void attention(StringBuilder text, GroupStatus status) {
    List<String> lines = new ArrayList<>();
    status.refused().ifPresent(why -> lines.add("!! " + why));
    if (!status.settled()) {
      lines.add("the last transition is unfinished: run the command again, or ficus rollback");
    }
    for (StreamRow stream : status.streams()) {
      stream
          .failure()
          .ifPresent(
              failure -> {
                lines.add("stream " + stream.name() + ": " + failure);
                stream.advice().ifPresent(advice -> lines.add("  next: " + advice));
              });
      if (stream.state() == StreamState.STREAMING && stream.tablesToCopy() == 0) {
        standing(status, stream)
            .ifPresent(
                standing ->
                    lines.add("stream " + stream.name() + " " + StreamsText.standing(standing)));
      }
    }
    for (GateResult gate : status.unmet()) {
      lines.add("gate " + gate.gate() + ": " + gate.measured() + "; must be " + gate.bound());
    }
    if (!lines.isEmpty()) {
      text.append('\n').append(status.group()).append('\n');
      lines.forEach(line -> text.append("  ").append(line).append('\n'));
    }
  }
}
