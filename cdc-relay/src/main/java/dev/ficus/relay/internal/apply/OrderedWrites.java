package dev.ficus.relay.internal.apply;

import dev.ficus.core.TableName;
import dev.ficus.relay.internal.apply.TableWriter.Manner;
import dev.ficus.relay.internal.capture.RowKey;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Writes a batch where foreign keys act, which they do in the session of a role that may not be a
 * replica.
 *
 * <p>First rows are put, parents before children, then rows are deleted, children before parents: a
 * child that has moved to another parent has moved before its old parent goes. At the end of a
 * batch no row of the source refers to one that is gone, so a cascade finds only rows that the
 * batch writes itself.
 *
 * <p>A unique value that moves from a row that goes to a row that comes is in the way of that
 * order. The second attempt deletes first, and puts children back that a cascade took, since they
 * are in the batch. It deletes and inserts anew the rows of tables that no key refers to, as a
 * replica does for all: elsewhere the cascade would take rows that the batch does not hold.
 */
final class OrderedWrites {

  private final TableOrder order;

  OrderedWrites(TableOrder order) {
    this.order = order;
  }

  void write(
      Map<TableName, Map<RowKey, RowState>> batch,
      Function<TableName, TableWriter> writers,
      Manner manner)
      throws SQLException {
    if (manner == Manner.UPSERT) {
      put(batch, writers, manner);
      delete(batch, writers);
    } else {
      delete(batch, writers);
      put(batch, writers, manner);
    }
  }

  /** Empties tables, children first. */
  void clear(List<TableName> tables, Function<TableName, TableWriter> writers) throws SQLException {
    for (TableName table : sorted(tables, order.parentsFirst().reversed())) {
      writers.apply(table).clear();
    }
  }

  private void put(
      Map<TableName, Map<RowKey, RowState>> batch,
      Function<TableName, TableWriter> writers,
      Manner manner)
      throws SQLException {
    for (TableName table : sorted(batch.keySet().stream().toList(), order.parentsFirst())) {
      writers
          .apply(table)
          .write(
              only(batch.getOrDefault(table, Map.of()), RowState.Alive.class),
              manner == Manner.REPLACE && !order.isReferenced(table)
                  ? Manner.REPLACE
                  : Manner.UPSERT);
    }
  }

  private void delete(
      Map<TableName, Map<RowKey, RowState>> batch, Function<TableName, TableWriter> writers)
      throws SQLException {
    for (TableName table :
        sorted(batch.keySet().stream().toList(), order.parentsFirst().reversed())) {
      writers
          .apply(table)
          .write(only(batch.getOrDefault(table, Map.of()), RowState.Gone.class), Manner.UPSERT);
    }
  }

  private static Map<RowKey, RowState> only(
      Map<RowKey, RowState> rows, Class<? extends RowState> kind) {
    Map<RowKey, RowState> only = new LinkedHashMap<>();
    rows.forEach(
        (key, state) -> {
          if (kind.isInstance(state)) {
            only.put(key, state);
          }
        });
    return only;
  }

  private static List<TableName> sorted(List<TableName> tables, Comparator<TableName> order) {
    return tables.stream().sorted(order).toList();
  }
}
