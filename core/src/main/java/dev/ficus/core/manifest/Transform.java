package dev.ficus.core.manifest;

import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How the rows of one shared table become rows of the service's table. What it does not name is
 * carried as it is.
 *
 * @param rename new names by the shared table's column
 * @param drop columns of the shared table that the service's table does not have
 * @param cast types by the shared table's column
 * @param constants columns that only the service's table has, with one value in every row
 * @param expressions columns that only the service's table has, each computed from the shared row
 * @param filter SQL over the shared table's columns: rows for which it is not true stay behind
 * @param back what a dropped or cast column of the shared table is given on the way back: SQL over
 *     the service's columns
 */
public record Transform(
    Map<String, String> rename,
    List<String> drop,
    Map<String, String> cast,
    Map<String, Constant> constants,
    Map<String, Expression> expressions,
    Optional<String> filter,
    Map<String, String> back) {

  /**
   * One value for all rows.
   *
   * @param type its type in the service's table
   * @param value its text
   */
  public record Constant(String type, String value) {}

  /**
   * A value computed from each row.
   *
   * @param type its type in the service's table
   * @param sql over the shared table's columns
   */
  public record Expression(String type, String sql) {}

  public Transform {
    rename = inOrder(rename);
    drop = List.copyOf(drop);
    cast = inOrder(cast);
    constants = inOrder(constants);
    expressions = inOrder(expressions);
    back = inOrder(back);
    for (String column : drop) {
      if (rename.containsKey(column) || cast.containsKey(column)) {
        throw new IllegalArgumentException(
            "column " + column + " is dropped, so it can be neither renamed nor cast");
      }
    }
    for (String column : back.keySet()) {
      if (!drop.contains(column) && !cast.containsKey(column)) {
        throw new IllegalArgumentException(
            "column " + column + " goes back by itself: 'back' is for dropped and cast columns");
      }
    }
    Set<String> names = new HashSet<>();
    for (List<String> news :
        List.of(
            List.copyOf(rename.values()),
            List.copyOf(constants.keySet()),
            List.copyOf(expressions.keySet()))) {
      for (String name : news) {
        if (!names.add(name)) {
          throw new IllegalArgumentException("two columns would be named " + name);
        }
      }
    }
  }

  private static <T> Map<String, T> inOrder(Map<String, T> map) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }

  /** The name in the service's table of a column that is not dropped. */
  public String nameOf(String column) {
    return rename.getOrDefault(column, column);
  }

  /** Whether a column of the shared table is the very same in the service's table. */
  public boolean leaves(String column) {
    return !rename.containsKey(column) && !drop.contains(column) && !cast.containsKey(column);
  }
}
