package dev.ficus.relay.internal.apply;

import dev.ficus.core.Lsn;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.capture.Change;
import dev.ficus.relay.internal.capture.RowImage;
import dev.ficus.relay.internal.capture.RowKey;
import dev.ficus.relay.internal.shape.TableShape;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The changes of one table in a batch, folded to the last state of each row. */
final class TableBatch {

  private final TableShape table;
  private final Map<RowKey, RowState> rows = new LinkedHashMap<>();
  private final boolean keeps;
  private @Nullable Lsn truncated;

  TableBatch(TableShape table) {
    this.table = table;
    this.keeps = !table.kept().isEmpty();
  }

  TableShape table() {
    return table;
  }

  Map<RowKey, RowState> rows() {
    return rows;
  }

  /** Where the last TRUNCATE stands, if there was one: every row of before it goes first. */
  Optional<Lsn> truncated() {
    return Optional.ofNullable(truncated);
  }

  void fold(Change change) {
    if (change instanceof Change.Written written) {
      write(written);
    } else if (change instanceof Change.Deleted deleted) {
      rows.put(deleted.key(), new RowState.Gone(deleted.lsn(), false));
    } else if (change instanceof Change.Truncated all) {
      rows.clear();
      truncated = all.lsn();
    }
  }

  /*
   An unchanged value stands in the row's earlier image: in this batch, or else in the target under the key that the row had before the
   batch. A changed key leaves the old one behind.
  */
  private void write(Change.Written written) {
    RowKey key = RowKey.of(table, written.image());
    RowKey before = written.before() == null ? key : written.before();
    RowImage image = written.image();
    RowKey base = before;
    boolean reborn = false;
    if (keeps) {
      RowState earlier = rows.get(before);
      if (earlier instanceof RowState.Alive alive) {
        base = alive.base();
        reborn = alive.reborn();
      } else {
        reborn = earlier instanceof RowState.Gone || (earlier == null && truncated != null);
      }
    }
    if (image.hasUnchanged()) {
      refuseUnsent(written);
      RowState earlier = rows.get(before);
      if (earlier instanceof RowState.Alive alive) {
        image = image.filledFrom(alive.image());
        base = alive.base();
      } else if (earlier instanceof RowState.Gone || truncated != null) {
        throw RelayException.stop(
            "a change of table "
                + table.source()
                + " at "
                + written.lsn()
                + " refers to values of a row that was deleted before it",
            "report this; nothing of the batch was applied");
      }
    }
    if (!before.equals(key)) {
      rows.put(before, new RowState.Gone(written.lsn(), true));
    }
    rows.put(key, new RowState.Alive(written.lsn(), image, base, reborn));
  }

  /** The replica identity was full when the stream began. */
  private void refuseUnsent(Change.Written written) {
    table
        .mapped()
        .ifPresent(
            mapped -> {
              for (int i = 0; i < table.columns().size(); i++) {
                String name = table.columns().get(i).name();
                if (written.image().isUnchanged(i) && mapped.neededWhole().contains(name)) {
                  throw RelayException.stop(
                      "a change of table "
                          + table.source()
                          + " at "
                          + written.lsn()
                          + " came without column "
                          + name
                          + ", which its transform needs: the table's replica identity is no longer full",
                      "run: alter table … replica identity full; then roll the group back to PROVISIONED and copy anew");
                }
              }
            });
  }
}
