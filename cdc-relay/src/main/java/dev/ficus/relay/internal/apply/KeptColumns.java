package dev.ficus.relay.internal.apply;

import dev.ficus.relay.internal.capture.RowKey;
import dev.ficus.relay.internal.shape.TableShape;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Columns of the target that the stream does not write, on the way back to a table with more
 * columns.
 *
 * <p>An upsert leaves them. But a changed key is a deletion and an insertion, and so is every row
 * of a batch that met a unique conflict: their values are read before anything is deleted, under
 * the key that the row had before the batch, and written to it afterwards.
 */
final class KeptColumns implements AutoCloseable {

  private final Connection target;
  private final TableShape table;
  private final PreparedStatement keep;
  private final PreparedStatement restore;
  private final Map<RowKey, @Nullable String[]> values = new LinkedHashMap<>();

  KeptColumns(Connection target, TableShape table, String keep, String restore)
      throws SQLException {
    this.target = target;
    this.table = table;
    this.keep = target.prepareStatement(keep);
    this.restore = target.prepareStatement(restore);
  }

  /** Reads the values of rows that are about to be deleted and inserted anew. */
  void read(Map<RowKey, RowState> rows, boolean all) throws SQLException {
    values.clear();
    List<RowKey> keys = new ArrayList<>();
    List<RowKey> bases = new ArrayList<>();
    rows.forEach(
        (key, state) -> {
          if (state instanceof RowState.Alive alive
              && !alive.reborn()
              && (all || !alive.base().equals(key))) {
            keys.add(key);
            bases.add(alive.base());
          }
        });
    if (keys.isEmpty()) {
      return;
    }
    TextArrays.set(target, keep, 1, bases, keyTexts());
    try (ResultSet row = keep.executeQuery()) {
      while (row.next()) {
        @Nullable String[] kept = new String[table.kept().size()];
        for (int i = 0; i < kept.length; i++) {
          kept[i] = row.getString(i + 2);
        }
        values.put(keys.get(row.getInt(1) - 1), kept);
      }
    }
  }

  /** Writes back those of the rows that are there again. */
  void restore(List<RowKey> written) throws SQLException {
    List<RowKey> keys = written.stream().filter(values::containsKey).toList();
    if (keys.isEmpty()) {
      return;
    }
    List<Function<RowKey, @Nullable String>> texts = new ArrayList<>(keyTexts());
    for (int i = 0; i < table.kept().size(); i++) {
      int column = i;
      texts.add(
          key -> {
            @Nullable String[] kept = values.get(key);
            return kept == null ? null : kept[column];
          });
    }
    TextArrays.set(target, restore, 1, keys, texts);
    restore.executeUpdate();
  }

  private List<Function<RowKey, @Nullable String>> keyTexts() {
    return IntStream.range(0, table.keyIndexes().size())
        .<Function<RowKey, @Nullable String>>mapToObj(i -> key -> key.values().get(i))
        .toList();
  }

  @Override
  public void close() throws SQLException {
    keep.close();
    restore.close();
  }
}
