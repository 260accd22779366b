package dev.ficus.postgres;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Reads tables' shapes from the catalog. */
public final class Tables {

  /** Of an index {@code i}: it tells any two rows apart at once, so that no row can hide in it. */
  private static final String USABLE =
      """
      and i.indisunique and i.indimmediate and i.indisvalid and i.indpred is null and i.indexprs is null
      and not exists (select from unnest(i.indkey::int2[]) with ordinality k(attnum, ord)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum where k.ord <= i.indnkeyatts and not a.attnotnull)
      """;

  private Tables() {}

  /**
   * Reads one table's shape.
   *
   * @param where the database's name, for errors
   * @throws PostgresException if there is no such table
   */
  public static Table read(Connection connection, String where, TableName name) {
    try {
      List<Column> columns = columns(connection, name);
      if (columns.isEmpty()) {
        throw PostgresException.state(
            ErrorKind.USAGE,
            "there is no table " + name + " in " + where,
            "correct the table's name in the manifest, or create the table");
      }
      return new Table(name, columns, key(connection, name));
    } catch (SQLException e) {
      throw PostgresException.sql("reading the shape of table " + name + " in " + where, e);
    }
  }

  private static List<Column> columns(Connection connection, TableName name) throws SQLException {
    List<Column> columns = new ArrayList<>();
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated <> ''
            from pg_attribute a
            join pg_class c on c.oid = a.attrelid
            join pg_namespace n on n.oid = c.relnamespace
            where n.nspname = ? and c.relname = ? and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
            order by a.attnum
            """)) {
      select.setString(1, name.schema());
      select.setString(2, name.name());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          columns.add(
              new Column(
                  row.getString(1),
                  row.getString(2),
                  row.getBoolean(3),
                  row.getString(4),
                  row.getBoolean(5)));
        }
      }
    }
    return columns;
  }

  /**
   * The index by which changes name their rows: the primary key, or the one that the replica
   * identity names. With the full identity, which sends whole rows, any unique index will do.
   */
  public static List<String> key(Connection connection, TableName name) throws SQLException {
    List<String> key = new ArrayList<>();
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select a.attname
            from pg_index x
            cross join lateral unnest(x.indkey::int2[]) with ordinality k(attnum, ord)
            join pg_attribute a on a.attrelid = x.indrelid and a.attnum = k.attnum
            where k.ord <= x.indnkeyatts and x.indexrelid = (
              select i.indexrelid from pg_index i join pg_class t on t.oid = i.indrelid join pg_class n on n.oid = i.indexrelid
              where i.indrelid = ?::regclass
            """
                + USABLE
                + """
                  and case t.relreplident when 'd' then i.indisprimary when 'i' then i.indisreplident else t.relreplident = 'f' end
                  order by not i.indisprimary, i.indnkeyatts, n.relname limit 1)
                order by k.ord
                """)) {
      select.setString(1, Quoted.table(name).sql());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          key.add(row.getString(1));
        }
      }
    }
    return key;
  }

  /** Whether an upsert can find a table's rows by exactly these columns. */
  public static boolean hasUniqueIndex(
      Connection connection, TableName name, Collection<String> columns) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select exists (select from pg_index i
              where i.indrelid = ?::regclass
            """
                + USABLE
                + """
                  and (select array_agg(a.attname::text order by a.attname::text) from unnest(i.indkey::int2[]) with ordinality k(attnum, ord)
                    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum where k.ord <= i.indnkeyatts)
                    = (select array_agg(c order by c) from unnest(?::text[]) c))
                """)) {
      select.setString(1, Quoted.table(name).sql());
      select.setArray(2, connection.createArrayOf("text", columns.toArray()));
      try (ResultSet row = select.executeQuery()) {
        return row.next() && row.getBoolean(1);
      }
    }
  }
}
