package dev.ficus.relay.internal.apply;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Quoted;
import dev.ficus.relay.internal.capture.RowKey;
import dev.ficus.relay.internal.shape.CarriedColumn;
import dev.ficus.relay.internal.shape.TableShape;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The notes of parents whose deletion is still to be carried, or to be decided by a person. */
final class DeletedParents {

  private static final String AGAIN =
      """
      on conflict (loose_foreign_key, parent_key) do update
        set moved = excluded.moved, noted_at = clock_timestamp(), reported_at = null, children = null, failure = null
      """;

  private final Connection target;

  DeletedParents(Connection target) {
    this.target = target;
  }

  /**
   * One note.
   *
   * @param key the parent's key, a JSON array of texts
   * @param moved whether the key was changed rather than the parent deleted
   */
  record Note(String key, boolean moved) {}

  /** Notes the rows that a batch deletes for each rule about their table; true if there is one. */
  boolean note(TableBatch batch) throws SQLException {
    List<RowKey> keys = new ArrayList<>();
    List<RowState.Gone> states = new ArrayList<>();
    batch
        .rows()
        .forEach(
            (key, state) -> {
              if (state instanceof RowState.Gone gone) {
                keys.add(key);
                states.add(gone);
              }
            });
    if (keys.isEmpty()) {
      return false;
    }
    int width = batch.table().keyIndexes().size();
    String names =
        IntStream.range(0, width).mapToObj(i -> "u.c" + i).collect(Collectors.joining(", "));
    try (PreparedStatement insert =
        target.prepareStatement(
            "insert into ficus.deleted_parent (loose_foreign_key, parent_key, moved)"
                + " select k.name, jsonb_build_array("
                + names
                + ")::text, u.moved::boolean from ficus.loose_foreign_key k, unnest("
                + "?::text[], ".repeat(width)
                + "?::text[]) as u("
                + names.replace("u.", "")
                + ", moved) where k.parent_schema = ? and k.parent_table = ? "
                + AGAIN)) {
      List<Function<Integer, @Nullable String>> columns = new ArrayList<>();
      IntStream.range(0, width).forEach(i -> columns.add(row -> keys.get(row).values().get(i)));
      columns.add(row -> Boolean.toString(states.get(row).moved()));
      TextArrays.set(target, insert, 1, IntStream.range(0, keys.size()).boxed().toList(), columns);
      insert.setString(width + 2, batch.table().target().schema());
      insert.setString(width + 3, batch.table().target().name());
      return insert.executeUpdate() > 0;
    }
  }

  /** Notes every row that a table has, before a TRUNCATE takes them. */
  boolean noteAll(TableShape table) throws SQLException {
    TableName parent = table.target();
    String key =
        table.targetKey().stream()
            .map(CarriedColumn::quoted)
            .map(column -> "p." + column + "::text")
            .collect(Collectors.joining(", "));
    try (PreparedStatement insert =
        target.prepareStatement(
            "insert into ficus.deleted_parent (loose_foreign_key, parent_key)"
                + " select k.name, jsonb_build_array("
                + key
                + ")::text from ficus.loose_foreign_key k, "
                + Quoted.table(parent)
                + " p where k.parent_schema = ? and k.parent_table = ? "
                + AGAIN)) {
      insert.setString(1, parent.schema());
      insert.setString(2, parent.name());
      return insert.executeUpdate() > 0;
    }
  }

  /** The oldest notes that are still to be carried. */
  List<Note> open(String rule, int most) throws SQLException {
    try (PreparedStatement select =
        target.prepareStatement(
            """
            select parent_key, moved from ficus.deleted_parent
            where loose_foreign_key = ? and reported_at is null order by noted_at, parent_key limit ?
            """)) {
      select.setString(1, rule);
      select.setInt(2, most);
      List<Note> notes = new ArrayList<>();
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          notes.add(new Note(row.getString(1), row.getBoolean(2)));
        }
      }
      return notes;
    }
  }

  /** Forgets notes that are carried; those that a person has to decide stay. */
  void forget(String rule, List<String> keys) throws SQLException {
    try (PreparedStatement delete =
        target.prepareStatement(
            """
            delete from ficus.deleted_parent
            where loose_foreign_key = ? and parent_key = any (?::text[]) and reported_at is null
            """)) {
      delete.setString(1, rule);
      delete.setArray(2, target.createArrayOf("text", keys.toArray()));
      delete.executeUpdate();
    }
  }
}
