package dev.ficus.relay.internal.capture;

import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.ddl.DdlWatch.SentColumn;
import dev.ficus.relay.internal.shape.CarriedColumn;
import dev.ficus.relay.internal.shape.TableShape;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Turns the rows of one table, as the slot sends them, into changes of its carried columns. */
final class RowReader {

  private final TableShape table;
  private @Nullable Relation seen;
  private int[] places = {};
  private boolean inOrder;

  RowReader(TableShape table) {
    this.table = table;
  }

  TableShape table() {
    return table;
  }

  Change read(SlotMessage.Row row) {
    RowImage before = row.before() == null ? null : image(row.before());
    if (row.after() == null) {
      if (before == null) {
        throw RelayException.stop(
            "a deletion from table " + table.source() + " at " + row.lsn() + " came without a key",
            "give the table a replica identity, then roll the group back to PROVISIONED and copy it anew");
      }
      return new Change.Deleted(table, row.lsn(), RowKey.of(table, before));
    }
    RowImage after = image(row.after());
    if (before == null) {
      return new Change.Written(table, row.lsn(), after, null, row.inserted());
    }
    // With replica identity full, the old row holds what the new one did not send again.
    RowImage image = isWhole(before) ? after.filledFrom(before) : after;
    RowKey key = RowKey.of(table, before);
    return new Change.Written(
        table, row.lsn(), image, key.equals(RowKey.of(table, image)) ? null : key, false);
  }

  /** An old row that is only an identity has null in all other columns. */
  private boolean isWhole(RowImage before) {
    for (int i = 0; i < table.columns().size(); i++) {
      if (before.get(i) != null && !table.keyIndexes().contains(i)) {
        return true;
      }
    }
    return false;
  }

  private RowImage image(RowImage sent) {
    return inOrder ? sent : sent.pick(places);
  }

  /** Whether the rows of this description have been looked at before. */
  // Each description is an object of its own.
  @SuppressWarnings("ReferenceEquality")
  boolean knows(Relation relation) {
    return relation == seen;
  }

  /** Reads the rows of a description, which has every carried column, from here on. */
  void follow(Relation relation) {
    List<String> sent = relation.columns().stream().map(SentColumn::name).toList();
    places = table.columns().stream().map(CarriedColumn::name).mapToInt(sent::indexOf).toArray();
    inOrder =
        places.length == sent.size()
            && Arrays.equals(places, IntStream.range(0, places.length).toArray());
    seen = relation;
  }
}
