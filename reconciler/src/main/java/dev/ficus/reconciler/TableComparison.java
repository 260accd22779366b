package dev.ficus.reconciler;

import dev.ficus.core.TableName;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares one table, chunk by chunk.
 *
 * <p>Chunks are ranges between keys b1, b2, … bn of the source, open at both ends, so every row of
 * either side lies in one of them: behind no bound it is in the first, behind all it is in the
 * last, and otherwise there is a bound that it lies behind while it does not lie behind the next.
 * That holds however a side orders its keys. If the sides order them differently, equal rows may
 * fall into different chunks and become suspects, which the confirmation, reading by key, clears
 * again.
 */
final class TableComparison {

  private static final Logger LOG = LoggerFactory.getLogger(TableComparison.class);

  private final TableName table;
  private final SideReader source;
  private final SideReader target;
  private final Confirmation confirmation;
  private final ReconcilerSettings settings;
  private final int room;
  private final long started = System.nanoTime();
  private final List<Finding> findings = new ArrayList<>();
  private boolean complete;
  private long rows;
  private long chunks;
  private long suspected;
  private long unresolved;

  /**
   * @param room how many findings may still be stored
   */
  TableComparison(
      TableName table,
      SideReader source,
      SideReader target,
      Confirmation confirmation,
      ReconcilerSettings settings,
      int room) {
    this.table = table;
    this.source = source;
    this.target = target;
    this.confirmation = confirmation;
    this.settings = settings;
    this.room = room;
  }

  void run() throws SQLException {
    KeyRange rest = KeyRange.ALL;
    while (findings.size() < room) {
      Optional<Key> last = source.keyAt(rest, settings.chunkRows() - 1);
      compare(last.isPresent() ? rest.endingAt(last.get()) : rest);
      if (last.isEmpty()) {
        complete = findings.size() < room;
        return;
      }
      rest = rest.startingAfter(last.get());
    }
  }

  private void compare(KeyRange chunk) throws SQLException {
    Deque<KeyRange> ranges = new ArrayDeque<>();
    ranges.add(chunk);
    boolean whole = true;
    while (!ranges.isEmpty() && findings.size() < room) {
      KeyRange range = ranges.remove();
      Sums here = source.sums(range);
      Sums there = target.sums(range);
      if (whole) {
        chunks++;
        rows += here.rows();
        whole = false;
      }
      if (here.matches(there)) {
        continue;
      }
      LOG.debug(
          "chunk of {}: {} rows in the source, {} in the target, sums differ",
          table,
          here.rows(),
          there.rows());
      // Rows that only the target has can be many more than a chunk: such a range is cut by its
      // keys.
      Optional<Key> middle =
          there.rows() > 2L * settings.chunkRows()
              ? target.keyAt(range, settings.chunkRows() - 1)
              : Optional.empty();
      if (middle.isPresent()) {
        ranges.addFirst(range.startingAfter(middle.get()));
        ranges.addFirst(range.endingAt(middle.get()));
      } else {
        rowByRow(range);
      }
    }
  }

  private void rowByRow(KeyRange range) throws SQLException {
    Map<Key, RowState> here = source.rows(range);
    Map<Key, RowState> there = target.rows(range);
    Set<Key> suspects = new LinkedHashSet<>();
    here.forEach(
        (key, row) -> {
          RowState other = there.remove(key);
          if (other == null || !row.sameValues(other)) {
            suspects.add(key);
          }
        });
    suspects.addAll(there.keySet());
    suspected += suspects.size();
    Set<Key> batch = new LinkedHashSet<>();
    for (Key suspect : suspects) {
      batch.add(suspect);
      if (batch.size() == settings.confirmRows()) {
        confirm(batch);
        batch.clear();
        if (findings.size() >= room) {
          return;
        }
      }
    }
    if (!batch.isEmpty()) {
      confirm(batch);
    }
  }

  private void confirm(Set<Key> suspects) throws SQLException {
    Confirmation.Verdict verdict = confirmation.confirm(suspects);
    unresolved += verdict.unresolved();
    verdict
        .mismatches()
        .forEach(
            (key, kind) -> {
              Finding finding = new Finding(table, key, kind);
              if (findings.size() < room && !findings.contains(finding)) {
                findings.add(finding);
              }
            });
  }

  List<Finding> findings() {
    return findings;
  }

  long unresolved() {
    return unresolved;
  }

  boolean stoppedEarly() {
    return findings.size() >= room;
  }

  TableReconciliation result() {
    return new TableReconciliation(
        table,
        complete && unresolved == 0,
        rows,
        chunks,
        suspected,
        findings.size(),
        unresolved,
        Duration.ofNanos(System.nanoTime() - started));
  }
}
