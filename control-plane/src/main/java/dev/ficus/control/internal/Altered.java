package dev.ficus.control.internal;

import dev.ficus.control.internal.references.FicusInstalled;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.Side;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.Streams;
import dev.ficus.relay.SourceChanges;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** DDL that a group's streams stand still before: whichever of its two directions runs. */
public final class Altered {

  private final Work work;

  public Altered(Work work) {
    this.work = work;
  }

  /** What each of the group's streams stands still before. */
  public Map<StreamName, List<SourceChanges.Change>> list() {
    Map<StreamName, List<SourceChanges.Change>> changes = new LinkedHashMap<>();
    for (StreamRow row : streams()) {
      List<SourceChanges.Change> ofStream = SourceChanges.list(target(row), row.name());
      if (!ofStream.isEmpty()) {
        changes.put(row.name(), ofStream);
      }
    }
    return changes;
  }

  /**
   * Accepts them all.
   *
   * @return what was accepted
   */
  public Map<StreamName, List<SourceChanges.Change>> accept(boolean rewrittenAlike) {
    Map<StreamName, List<SourceChanges.Change>> changes = list();
    if (changes.isEmpty()) {
      throw new FicusException(
          ErrorKind.USAGE,
          "no stream of group " + work.name() + " stands still before DDL",
          "run \"ficus streams\" to see how they are");
    }
    for (StreamRow row : streams()) {
      if (changes.containsKey(row.name())) {
        List<String> differences =
            SourceChanges.accept(
                work.database(row.source()), target(row), row.name(), rewrittenAlike);
        if (!differences.isEmpty()) {
          throw new FicusException(
              ErrorKind.GATE_REFUSED,
              "the change is not accepted for stream "
                  + row.name()
                  + ": "
                  + String.join("; ", differences),
              "alter the tables in "
                  + target(row).name()
                  + " as the source's were, then accept again, where the differences do not say otherwise");
        }
      }
    }
    return changes;
  }

  private List<StreamRow> streams() {
    List<StreamRow> rows = new ArrayList<>();
    for (Side side : Side.values()) {
      if (FicusInstalled.in(work.side(side))) {
        new Streams(work.side(side))
            .list().stream()
                .filter(row -> row.group().equals(work.name()))
                .filter(row -> row.name().equals(work.streamFrom(side.other())))
                .forEach(rows::add);
      }
    }
    return rows;
  }

  private Database target(StreamRow row) {
    return row.name().equals(work.streamFrom(Side.SHARED)) ? work.serviceDatabase() : work.shared();
  }
}
