package dev.ficus.relay.internal.capture;

import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.shape.TableShape;
import java.util.ArrayList;
import java.util.List;

/**
 * The text of a row's key.
 *
 * @param values one for each key column, in key order
 */
public record RowKey(List<String> values) {

  public RowKey {
    values = List.copyOf(values);
  }

  /** The key in a row image. */
  public static RowKey of(TableShape table, RowImage image) {
    List<String> values = new ArrayList<>(table.keyIndexes().size());
    for (int index : table.keyIndexes()) {
      String value = image.get(index);
      if (value == null || image.isUnchanged(index)) {
        throw RelayException.stop(
            "a change of table "
                + table.source()
                + " arrived without its key column "
                + table.columns().get(index).name(),
            "set the table's replica identity to default and roll the group back to PROVISIONED and copy it anew");
      }
      values.add(value);
    }
    return new RowKey(values);
  }
}
