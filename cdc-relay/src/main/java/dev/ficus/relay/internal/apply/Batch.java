package dev.ficus.relay.internal.apply;

import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.relay.internal.capture.Change;
import dev.ficus.relay.internal.capture.SourceTransaction;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Whole source transactions, folded, that one commit in the target will hold. */
final class Batch {

  // Sorted, so that two writers of the same tables lock them in one order.
  private final Map<TableName, TableBatch> tables = new TreeMap<>();
  private int transactions;
  private int changes;
  private long characters;
  private Lsn end = Lsn.ZERO;
  private @Nullable Instant committedAt;

  void add(SourceTransaction transaction) {
    for (Change change : transaction.changes()) {
      tables
          .computeIfAbsent(change.table().target(), name -> new TableBatch(change.table()))
          .fold(change);
      if (change instanceof Change.Written written) {
        characters += written.image().characters();
      }
    }
    changes += transaction.changes().size();
    transactions++;
    end = transaction.commit();
    committedAt = transaction.committedAt();
  }

  boolean isEmpty() {
    return transactions == 0;
  }

  Collection<TableBatch> tables() {
    return tables.values();
  }

  int transactions() {
    return transactions;
  }

  int changes() {
    return changes;
  }

  /** How many characters its images had before they were folded: the most that it can hold. */
  long characters() {
    return characters;
  }

  /** The commit of its last transaction. */
  Lsn end() {
    return end;
  }

  /** When its last transaction committed, by the source's clock. */
  Instant committedAt() {
    if (committedAt == null) {
      throw new IllegalStateException("an empty batch has no commit time");
    }
    return committedAt;
  }
}
