package dev.ficus.reconciler;

import dev.ficus.core.TableName;
import dev.ficus.postgres.ColumnType;
import dev.ficus.postgres.ColumnTypes;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.Tables;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Finds rows that point to a parent that is not there, in one database that streams feed.
 *
 * <p>A row may be here before the stream has brought its parent. So a suspect counts only if it
 * still has no parent once the streams have applied past markers that were written after it was
 * seen (rule R17).
 */
public final class OrphanCheck {

  private final Database database;
  private final Runnable catchUp;
  private final int most;

  /**
   * @param database has both tables
   * @param catchUp returns once everything committed in the streams' sources before the call is
   *     here, and throws if it cannot
   * @param most how many orphans are looked for; one more is counted where there are more
   */
  public OrphanCheck(Database database, Runnable catchUp, int most) {
    this.database = database;
    this.catchUp = catchUp;
    this.most = most;
  }

  /**
   * Columns that point to a parent.
   *
   * @param child the table whose rows do
   * @param childColumns its columns
   * @param parent the parents' table
   * @param parentColumns its columns, one for each of the child's
   */
  public record Pointer(
      TableName child, List<String> childColumns, TableName parent, List<String> parentColumns) {

    public Pointer {
      childColumns = List.copyOf(childColumns);
      parentColumns = List.copyOf(parentColumns);
      if (childColumns.isEmpty() || childColumns.size() != parentColumns.size()) {
        throw new IllegalArgumentException(
            "a pointer pairs columns: " + childColumns + " with " + parentColumns);
      }
    }
  }

  /**
   * The keys of rows proved to have no parent, each a JSON array of the key's values as text; no
   * other value of a row is read.
   *
   * @throws PostgresException if anything failed: then nothing is known
   */
  public List<String> orphans(Pointer pointer) {
    // A stream that stands still would keep the parents' copy as it was, and hide every orphan.
    catchUp.run();
    try (Connection connection = database.connect("orphans of " + pointer.child())) {
      List<String> orphans = new ArrayList<>();
      List<String> suspects = suspects(connection, pointer, Optional.empty());
      while (!suspects.isEmpty()) {
        catchUp.run();
        orphans.addAll(confirmed(connection, pointer, suspects));
        // Suspects that were only early say nothing of the rows after them.
        suspects =
            suspects.size() <= most || orphans.size() > most
                ? List.of()
                : suspects(connection, pointer, Optional.of(suspects.get(suspects.size() - 1)));
      }
      return orphans.subList(0, Math.min(orphans.size(), most + 1));
    } catch (SQLException e) {
      throw PostgresException.sql(
          "looking for rows of "
              + pointer.child()
              + " without a row of "
              + pointer.parent()
              + " in "
              + database,
          e);
    }
  }

  /** The next suspects in the order of their keys, after the given one. */
  private List<String> suspects(Connection connection, Pointer pointer, Optional<String> after)
      throws SQLException {
    List<String> key = key(connection, pointer);
    String columns =
        key.stream().map(column -> "c." + Quoted.name(column)).collect(Collectors.joining(", "));
    String sql =
        "select "
            + shown(key)
            + " from "
            + Quoted.table(pointer.child())
            + " c"
            + (after.isEmpty() ? "" : ", (select ?::text) as s(k)")
            + " where "
            + withoutParent(pointer)
            + (after.isEmpty()
                ? ""
                : " and ("
                    + columns
                    + ") > ("
                    + String.join(", ", values(connection, pointer, key))
                    + ")")
            + " order by "
            + columns
            + " limit "
            + (most + 1);
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      if (after.isPresent()) {
        select.setString(1, after.get());
      }
      return keys(select);
    }
  }

  private List<String> confirmed(Connection connection, Pointer pointer, List<String> suspects)
      throws SQLException {
    List<String> key = key(connection, pointer);
    List<String> values = values(connection, pointer, key);
    String match =
        IntStream.range(0, key.size())
            .mapToObj(i -> "c." + Quoted.name(key.get(i)) + " = " + values.get(i))
            .collect(Collectors.joining(" and "));
    String sql =
        "select "
            + shown(key)
            + " from unnest(?::text[]) as s(k) join "
            + Quoted.table(pointer.child())
            + " c on "
            + match
            + " where "
            + withoutParent(pointer)
            + " order by s.k";
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      Array array = connection.createArrayOf("text", suspects.toArray());
      select.setArray(1, array);
      return keys(select);
    }
  }

  /** The values of a shown key {@code s.k}, as their columns' types. */
  private static List<String> values(Connection connection, Pointer pointer, List<String> key)
      throws SQLException {
    Map<String, ColumnType> types = ColumnTypes.read(connection, pointer.child());
    return IntStream.range(0, key.size())
        .mapToObj(i -> "(s.k::jsonb ->> " + i + ")::" + type(types, key.get(i), pointer))
        .toList();
  }

  private static String type(Map<String, ColumnType> types, String column, Pointer pointer) {
    ColumnType type = types.get(column);
    if (type == null) {
      throw new IllegalStateException("no type of " + pointer.child() + "." + column);
    }
    return type.cast();
  }

  private List<String> key(Connection connection, Pointer pointer) {
    return Tables.read(connection, database.name(), pointer.child()).key();
  }

  private static String shown(List<String> key) {
    return "jsonb_build_array("
        + key.stream()
            .map(column -> "c." + Quoted.name(column) + "::text")
            .collect(Collectors.joining(", "))
        + ")::text";
  }

  /** As a foreign key of MATCH SIMPLE: a null among the columns points to nobody. */
  private static String withoutParent(Pointer pointer) {
    List<String> conditions = new ArrayList<>();
    List<String> matches = new ArrayList<>();
    for (int i = 0; i < pointer.childColumns().size(); i++) {
      String column = "c." + Quoted.name(pointer.childColumns().get(i));
      conditions.add(column + " is not null");
      matches.add("p." + Quoted.name(pointer.parentColumns().get(i)) + " = " + column);
    }
    return String.join(" and ", conditions)
        + " and not exists (select from "
        + Quoted.table(pointer.parent())
        + " p where "
        + String.join(" and ", matches)
        + ")";
  }

  private static List<String> keys(PreparedStatement select) throws SQLException {
    List<String> keys = new ArrayList<>();
    try (ResultSet row = select.executeQuery()) {
      while (row.next()) {
        keys.add(row.getString(1));
      }
    }
    return keys;
  }
}
