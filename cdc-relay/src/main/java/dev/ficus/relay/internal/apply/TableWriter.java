package dev.ficus.relay.internal.apply;

import dev.ficus.postgres.Quoted;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.capture.RowImage;
import dev.ficus.relay.internal.capture.RowKey;
import dev.ficus.relay.internal.shape.TableShape;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Writes the folded changes of one table, set-wise. */
final class TableWriter implements AutoCloseable {

  private final Connection target;
  private final TableShape table;
  // Prepared once, so that the server plans them once.
  private final PreparedStatement upsert;
  private final PreparedStatement insert;
  private final PreparedStatement delete;
  private final PreparedStatement fetch;
  private final Optional<PreparedStatement> leave;
  private final Optional<KeptColumns> kept;

  TableWriter(Connection target, TableShape table) throws SQLException {
    this.target = target;
    this.table = table;
    TableSql sql = TableSql.of(table);
    this.upsert = target.prepareStatement(sql.upsert());
    this.insert = target.prepareStatement(sql.insert());
    this.delete = target.prepareStatement(sql.delete());
    this.fetch = target.prepareStatement(sql.fetch());
    this.leave =
        sql.leave().isPresent()
            ? Optional.of(target.prepareStatement(sql.leave().get()))
            : Optional.empty();
    this.kept =
        sql.keep().isPresent() && sql.restore().isPresent()
            ? Optional.of(new KeptColumns(target, table, sql.keep().get(), sql.restore().get()))
            : Optional.empty();
  }

  /** Reads what must outlast the batch, before any row of it is written. */
  void prepare(Map<RowKey, RowState> rows, Manner manner) throws SQLException {
    if (kept.isPresent()) {
      kept.get().read(rows, manner == Manner.REPLACE);
    }
  }

  /** How rows that are to be alive reach the table. */
  enum Manner {
    /** Overwrite what is there: one statement, and no index entry more than needed. */
    UPSERT,
    /**
     * Delete every touched row, then insert: two rows that exchanged a unique value meet no
     * conflict on the way, since at a commit of the source there is none.
     */
    REPLACE
  }

  /** Writes rows that are alive and deletes those that are gone. */
  void write(Map<RowKey, RowState> rows, Manner manner) throws SQLException {
    List<RowKey> gone = new ArrayList<>();
    List<RowImage> alive = new ArrayList<>();
    List<RowKey> aliveKeys = new ArrayList<>();
    Map<RowKey, RowImage> filled = fill(rows);
    rows.forEach(
        (key, state) -> {
          if (state instanceof RowState.Alive row) {
            alive.add(filled.getOrDefault(key, row.image()));
            aliveKeys.add(key);
          }
          if (!(state instanceof RowState.Alive row) || row.reborn() || manner == Manner.REPLACE) {
            gone.add(key);
          }
        });
    if (!gone.isEmpty()) {
      setKeys(delete, gone);
      delete.executeUpdate();
    }
    if (!alive.isEmpty()) {
      if (leave.isPresent()) {
        execute(leave.get(), alive);
      }
      execute(manner == Manner.REPLACE ? insert : upsert, alive);
      if (kept.isPresent()) {
        kept.get().restore(aliveKeys);
      }
    }
  }

  private void execute(PreparedStatement statement, List<RowImage> images) throws SQLException {
    TextArrays.set(
        target,
        statement,
        1,
        images,
        IntStream.range(0, table.columns().size())
            .<Function<RowImage, @Nullable String>>mapToObj(i -> image -> image.get(i))
            .toList());
    statement.executeUpdate();
  }

  /**
   * Deletes every row that the source knows, as TRUNCATE did there; a TRUNCATE here could meet
   * foreign keys.
   */
  void clear() throws SQLException {
    Optional<String> answeredFor = table.mapped().flatMap(it -> it.mapping().answeredFor());
    try (Statement statement = target.createStatement()) {
      statement.execute(
          "delete from "
              + Quoted.table(table.target())
              + answeredFor.map(rows -> " where (" + rows + ")").orElse(""));
    }
  }

  /**
   * Completes the images that hold unchanged values from the target's rows, before any is written.
   */
  private Map<RowKey, RowImage> fill(Map<RowKey, RowState> rows) throws SQLException {
    List<RowKey> keys = new ArrayList<>();
    List<RowState.Alive> states = new ArrayList<>();
    rows.forEach(
        (key, state) -> {
          if (state instanceof RowState.Alive alive && alive.image().hasUnchanged()) {
            keys.add(key);
            states.add(alive);
          }
        });
    if (keys.isEmpty()) {
      return Map.of();
    }
    Map<RowKey, RowImage> filled = new java.util.HashMap<>();
    setKeys(fetch, states.stream().map(RowState.Alive::base).toList());
    try (ResultSet row = fetch.executeQuery()) {
      while (row.next()) {
        int index = row.getInt(1) - 1;
        @Nullable String[] there = new String[table.columns().size()];
        for (int i = 0; i < there.length; i++) {
          there[i] = row.getString(i + 2);
        }
        filled.put(keys.get(index), states.get(index).image().filledFrom(new RowImage(there)));
      }
    }
    if (filled.size() != keys.size()) {
      throw RelayException.stop(
          (keys.size() - filled.size())
              + " rows of table "
              + table.target()
              + " hold values that the source did not send again, but are missing in the target",
          "rows were deleted in the target by someone else: find out who, then roll the group back to PROVISIONED and copy it anew");
    }
    return filled;
  }

  private void setKeys(PreparedStatement statement, List<RowKey> keys) throws SQLException {
    TextArrays.set(
        target,
        statement,
        1,
        keys,
        IntStream.range(0, table.keyIndexes().size())
            .<Function<RowKey, @Nullable String>>mapToObj(i -> key -> key.values().get(i))
            .toList());
  }

  @Override
  public void close() throws SQLException {
    upsert.close();
    insert.close();
    delete.close();
    fetch.close();
    if (leave.isPresent()) {
      leave.get().close();
    }
    if (kept.isPresent()) {
      kept.get().close();
    }
  }
}
