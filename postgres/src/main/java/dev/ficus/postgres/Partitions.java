package dev.ficus.postgres;

import dev.ficus.core.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * The partitions of tables, as the catalog has them now.
 *
 * <p>The manifest and a stream name the root of a partitioned table, and its partitions come with
 * it. What PostgreSQL keeps or does for each partition by itself (rows, blocks, counters, statement
 * triggers, replica identities) has to be asked of them.
 */
public final class Partitions {

  /** A table by its names, and below it its partitions, each with its parent and level. */
  private static final String TREE =
      """
      with recursive tree(oid, parent, level) as (
        select c.oid, c.oid, 0 from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where n.nspname = ? and c.relname = ?
        union all
        select i.inhrelid, i.inhparent, t.level + 1 from tree t join pg_inherits i on i.inhparent = t.oid and not i.inhdetachpending
          join pg_class c on c.oid = i.inhrelid and c.relispartition)
      """;

  private Partitions() {}

  /**
   * A table, or a partition of it at any level.
   *
   * @param name its name
   * @param oid the relation itself
   * @param parent what it is a partition of; for the table itself, its own name
   * @param bound its bound, as it follows {@code attach partition}; empty for the table itself
   * @param leaf whether it holds rows itself
   */
  public record Member(TableName name, long oid, TableName parent, String bound, boolean leaf) {

    /** Whether it is a partition, not the table itself. */
    public boolean isPartition() {
      return !bound.isEmpty();
    }
  }

  /**
   * A table and its partitions, each after what it is a partition of; nothing where there is no
   * such table. One that is being detached counts no more.
   */
  public static List<Member> tree(Connection connection, TableName table) throws SQLException {
    List<Member> members = new ArrayList<>();
    try (PreparedStatement select =
        connection.prepareStatement(
            TREE
                + """
            select n.nspname, c.relname, c.oid::bigint, pn.nspname, p.relname,
              case when t.level > 0 then pg_get_expr(c.relpartbound, c.oid) else '' end, c.relkind <> 'p'
            from tree t join pg_class c on c.oid = t.oid join pg_namespace n on n.oid = c.relnamespace
            join pg_class p on p.oid = t.parent join pg_namespace pn on pn.oid = p.relnamespace
            order by t.level, n.nspname, c.relname
            """)) {
      select.setString(1, table.schema());
      select.setString(2, table.name());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          members.add(
              new Member(
                  new TableName(row.getString(1), row.getString(2)),
                  row.getLong(3),
                  new TableName(row.getString(4), row.getString(5)),
                  row.getString(6),
                  row.getBoolean(7)));
        }
      }
    }
    return members;
  }

  /** The tables that hold a table's rows: its leaf partitions, or itself. */
  public static List<Member> leaves(Connection connection, TableName table) throws SQLException {
    return tree(connection, table).stream().filter(Member::leaf).toList();
  }

  /**
   * The leaf partitions of a table that are not sent as it is: a change names its row by the
   * partition's replica identity, and a stream reads it by the root's. Foreign tables and unlogged
   * ones, of which nothing is sent, are among them.
   */
  public static List<TableName> sentOtherwise(Connection connection, TableName table)
      throws SQLException {
    List<TableName> names = new ArrayList<>();
    try (PreparedStatement select =
        connection.prepareStatement(
            TREE
                + """
                select n.nspname, c.relname
                from tree t join pg_class c on c.oid = t.oid join pg_namespace n on n.oid = c.relnamespace
                join tree root on root.level = 0 join pg_class r on r.oid = root.oid
                where t.level > 0 and c.relkind <> 'p' and not (c.relkind = 'r' and c.relpersistence = 'p' and c.relreplident = r.relreplident
                  and (c.relreplident <> 'i' or exists (
                    select from pg_index x join pg_index y on y.indrelid = r.oid and y.indisreplident
                    where x.indrelid = c.oid and x.indisreplident and pg_partition_root(x.indexrelid) = y.indexrelid)))
                order by 1, 2
                """)) {
      select.setString(1, table.schema());
      select.setString(2, table.name());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          names.add(new TableName(row.getString(1), row.getString(2)));
        }
      }
    }
    return names;
  }
}
