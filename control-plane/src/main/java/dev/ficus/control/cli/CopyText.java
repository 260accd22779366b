package dev.ficus.control.cli;

import dev.ficus.core.GroupName;
import dev.ficus.postgres.CopyLimits;
import dev.ficus.postgres.CopyProgress;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Copies, their progress and their limits, as people read them. */
final class CopyText {

  private CopyText() {}

  /** How far a stream's copy is. */
  static String of(StreamRow stream) {
    String rows =
        String.format(Locale.ROOT, "%,d", stream.rowsCopied())
            + stream
                .rowsEstimated()
                .map(estimate -> String.format(Locale.ROOT, " of about %,d", estimate))
                .orElse("")
            + " rows";
    return rows + stream.copying().map(CopyText::progress).orElse("");
  }

  /** How far several streams' copies are, in one line. */
  static String ofAll(List<StreamRow> streams) {
    return String.join(
        "; ",
        streams.stream()
            .map(
                stream ->
                    stream.name()
                        + ": "
                        + (stream.state() == StreamState.REQUESTED
                            ? "waits for a relay"
                            : stream.state() == StreamState.COPYING ? of(stream) : tables(stream)))
            .toList());
  }

  /** How far the tables are that a stream copies before it goes on. */
  static String tables(StreamRow stream) {
    return "copies "
        + stream.tablesToCopy()
        + " of "
        + stream.tables().size()
        + " tables first"
        + stream.copying().map(CopyText::progress).orElse("");
  }

  private static String progress(CopyProgress progress) {
    if (progress.paused().isPresent()) {
      return ", paused: " + progress.paused().get();
    }
    if (progress.copiesRows()) {
      return progress
              .rowsPerSecond()
              .map(rate -> String.format(Locale.ROOT, ", %,d rows/s", rate))
              .orElse("")
          + ", time left "
          + progress.left().map(left -> "about " + Text.duration(left)).orElse("unknown");
    }
    return progress.indexes() == 0
        ? ""
        : ", " + progress.indexesBuilt() + " of " + progress.indexes() + " indexes built";
  }

  static String of(GroupName group, CopyLimits limits) {
    List<String> texts = new ArrayList<>();
    limits
        .rowsPerSecond()
        .ifPresent(n -> texts.add(String.format(Locale.ROOT, "at most %,d rows/s", n)));
    limits
        .bytesPerSecond()
        .ifPresent(n -> texts.add(String.format(Locale.ROOT, "at most %,d bytes/s", n)));
    limits
        .maxStandbyLag()
        .ifPresent(
            lag -> texts.add("paused while a standby trails by more than " + Text.duration(lag)));
    limits
        .maxActiveSessions()
        .ifPresent(
            n ->
                texts.add(
                    String.format(
                        Locale.ROOT, "paused while more than %,d sessions are active", n)));
    return "copies of group "
        + group
        + ": "
        + (texts.isEmpty() ? "no limits" : String.join("; ", texts));
  }
}
