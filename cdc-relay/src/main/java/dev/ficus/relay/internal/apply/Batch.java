package dev.ficus.relay.internal.apply;

import dev.ficus.core.TableName;
import dev.ficus.relay.internal.capture.Change;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/** Changes of consecutive source transactions, folded, that are written together. */
final class Batch {

  // Sorted, so that two writers of the same tables lock them in one order.
  private final Map<TableName, TableBatch> tables = new TreeMap<>();
  private int changes;
  private long characters;

  void add(Change change) {
    tables
        .computeIfAbsent(change.table().target(), name -> new TableBatch(change.table()))
        .fold(change);
    changes++;
    characters += characters(change);
  }

  static long characters(Change change) {
    return change instanceof Change.Written written ? written.image().characters() : 0;
  }

  Collection<TableBatch> tables() {
    return tables.values();
  }

  int changes() {
    return changes;
  }

  /** How many characters its images had before they were folded: the most that it can hold. */
  long characters() {
    return characters;
  }
}
