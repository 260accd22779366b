package dev.ficus.relay.internal.apply;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Quoted;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * An order of tables in which each comes after those that its foreign keys refer to, by the
 * target's catalog: rows are written in it and deleted against it where foreign keys act.
 *
 * <p>Keys whose checks can wait for the commit order nothing, and neither do keys of a table to
 * itself: one statement's rows are checked together. Tables that refer to each other in a circle
 * have no order; {@link #circles} names them.
 */
public final class TableOrder {

  private final Map<TableName, Integer> places = new TreeMap<>();
  private final List<List<TableName>> circles = new ArrayList<>();
  private final Set<TableName> referenced;

  private TableOrder(Map<TableName, Set<TableName>> parents, Set<TableName> referenced) {
    this.referenced = Set.copyOf(referenced);
    Map<TableName, Set<TableName>> left = new TreeMap<>();
    parents.forEach((table, all) -> left.put(table, new TreeSet<>(all)));
    while (!left.isEmpty()) {
      List<TableName> free =
          left.entrySet().stream()
              .filter(entry -> entry.getValue().isEmpty())
              .map(Map.Entry::getKey)
              .toList();
      if (free.isEmpty()) {
        free = circle(left);
        circles.add(free);
      }
      for (TableName table : free) {
        places.put(table, places.size());
        left.remove(table);
        left.values().forEach(others -> others.remove(table));
      }
    }
  }

  /** Follows parents from the first table that is left until one comes again. */
  private static List<TableName> circle(Map<TableName, Set<TableName>> left) {
    List<TableName> path = new ArrayList<>();
    TableName table = left.keySet().iterator().next();
    while (!path.contains(table)) {
      path.add(table);
      table = left.getOrDefault(table, Set.of()).iterator().next();
    }
    return path.subList(path.indexOf(table), path.size()).stream().sorted().toList();
  }

  /**
   * Orders tables by what each refers to at once, in a set of its own and without itself.
   *
   * @param referenced the tables that any key refers to, deferrable ones and their own included
   */
  static TableOrder of(Map<TableName, Set<TableName>> parents, Set<TableName> referenced) {
    return new TableOrder(parents, referenced);
  }

  /** Reads the order of tables from the catalog of the database that has them. */
  public static TableOrder read(Connection connection, Collection<TableName> tables)
      throws SQLException {
    Map<TableName, Set<TableName>> parents = new TreeMap<>();
    Set<TableName> referenced = new TreeSet<>();
    tables.forEach(table -> parents.put(table, new TreeSet<>()));
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select n.nspname, t.relname, c.condeferrable
            from pg_constraint c
            join pg_class t on t.oid = coalesce(pg_partition_root(c.conrelid), c.conrelid)
            join pg_namespace n on n.oid = t.relnamespace
            where c.contype = 'f' and coalesce(pg_partition_root(c.confrelid), c.confrelid) = to_regclass(?)
            """)) {
      for (TableName parent : parents.keySet()) {
        select.setString(1, Quoted.table(parent).sql());
        try (ResultSet row = select.executeQuery()) {
          while (row.next()) {
            TableName child = new TableName(row.getString(1), row.getString(2));
            referenced.add(parent);
            Set<TableName> its = parents.get(child);
            if (its != null && !row.getBoolean(3) && !child.equals(parent)) {
              its.add(parent);
            }
          }
        }
      }
    }
    return new TableOrder(parents, referenced);
  }

  /** Tables that refer to each other in a circle of keys whose checks cannot wait. */
  public List<List<TableName>> circles() {
    return List.copyOf(circles);
  }

  /** Each table after those it refers to. */
  public Comparator<TableName> parentsFirst() {
    return Comparator.comparingInt(table -> places.getOrDefault(table, 0));
  }

  /** Whether a foreign key of any table refers to this one. */
  boolean isReferenced(TableName table) {
    return referenced.contains(table);
  }
}
