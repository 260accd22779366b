package dev.ficus.control.cli;

import dev.ficus.control.StreamHealth;
import dev.ficus.control.StreamReport;
import dev.ficus.postgres.Slots;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.postgres.StreamWatch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** One line for each stream, and below them what needs attention. */
final class StreamsText {

  private static final List<String> HEAD =
      List.of(
          "STREAM",
          "FROM",
          "INTO",
          "STATE",
          "POSITION",
          "LAG",
          "BEHIND",
          "CHANGES/S",
          "RETAINED",
          "WAL",
          "RETRIES");
  /* An idle stream moves with its markers, at least once a second. */
  static final Duration STANDING = Duration.ofSeconds(10);

  private StreamsText() {}

  static String of(StreamReport report) {
    StringBuilder text = new StringBuilder();
    if (report.streams().isEmpty()) {
      text.append(
          report.unreachable().isEmpty()
              ? "no streams\n"
              : "no streams in the databases that could be reached\n");
    } else {
      List<List<String>> rows = new ArrayList<>();
      rows.add(HEAD);
      report.streams().forEach(stream -> rows.add(row(stream)));
      text.append(Columns.aligned(rows));
    }
    report.streams().forEach(stream -> attention(text, stream));
    report
        .deletedParents()
        .forEach(
            parents ->
                text.append('\n')
                    .append(parents.looseForeignKey())
                    .append(" in ")
                    .append(parents.database())
                    .append("\n  ")
                    .append(parents.what())
                    .append("\n  next: ")
                    .append(parents.next())
                    .append('\n'));
    report.unreachable().forEach(line -> text.append('\n').append(line).append('\n'));
    return text.toString().stripTrailing();
  }

  /** What a stream is told to have that should move and does not. */
  static String standing(Duration standing) {
    return "has not moved for "
        + Text.duration(standing)
        + ": check that a relay runs and what its target waits for";
  }

  private static List<String> row(StreamHealth stream) {
    StreamRow row = stream.row();
    return List.of(
        row.name().value(),
        row.source(),
        stream.target(),
        row.state() == StreamState.COPYING ? copying(row) : row.state().name(),
        row.position().toString(),
        row.lag().map(Text::duration).orElse("-"),
        stream.behindBytes().map(Columns::size).orElse("-"),
        String.format(Locale.ROOT, "%,.0f", stream.changesPerSecond()),
        stream.slot().map(slot -> Columns.size(slot.retainedBytes())).orElse("-"),
        stream.slot().map(Slots.Slot::walStatus).orElse("no slot"),
        Long.toString(stream.watch().map(StreamWatch::retries).orElse(0L)));
  }

  private static String copying(StreamRow row) {
    return row.rowsEstimated()
        .filter(rows -> rows > 0)
        .map(
            rows ->
                String.format(
                    Locale.ROOT, "COPYING %d %%", Math.min(99, row.rowsCopied() * 100 / rows)))
        .orElse("COPYING");
  }

  private static void attention(StringBuilder text, StreamHealth stream) {
    List<String> lines = new ArrayList<>();
    StreamRow row = stream.row();
    row.failure().ifPresent(failure -> lines.add(failure));
    row.advice().ifPresent(advice -> lines.add("next: " + advice));
    if (stream.lost() && row.state() != StreamState.FAILED) {
      lines.add("the slot has lost WAL that it needs; a relay that runs says what next");
    }
    if (row.state() == StreamState.STREAMING && row.tablesToCopy() > 0) {
      lines.add(CopyText.tables(row));
    } else if (row.state() == StreamState.STREAMING) {
      stream
          .standing()
          .filter(standing -> standing.compareTo(STANDING) > 0)
          .ifPresent(standing -> lines.add(standing(standing)));
    }
    stream
        .topic()
        .ifPresent(
            topic ->
                lines.add(
                    "travels over topic "
                        + topic.name()
                        + (topic.id().isPresent()
                            ? ", applied up to "
                                + (topic.partitions() == 1 ? "offset " : "offsets ")
                                + topic.nextOffsets().stream()
                                    .map(String::valueOf)
                                    .collect(Collectors.joining(", "))
                            : ", which waits for a relay that publishes")));
    if (row.state() == StreamState.REQUESTED) {
      lines.add("waits for a relay: start one with \"ficus relay\"");
    }
    stream
        .watch()
        .ifPresent(
            watch -> {
              watch.throttleReason().ifPresent(lines::add);
              watch.lastRetry().ifPresent(why -> lines.add("last retry after: " + why));
            });
    if (!lines.isEmpty()) {
      text.append('\n').append(row.name()).append('\n');
      lines.forEach(line -> text.append("  ").append(line).append('\n'));
    }
  }
}
