package dev.ficus.postgres.ddl;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.TableName;
import dev.ficus.postgres.ColumnType;
import dev.ficus.postgres.ColumnTypes;
import dev.ficus.postgres.Partitions;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.Tables;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Queries on one connection's catalog.
 *
 * <p>All of PostgreSQL's own renderings (pg_get_expr, format_type, pg_get_constraintdef…) leave out
 * a schema that is on the search path, so a connection with another path than {@link
 * dev.ficus.postgres.Database} sets would yield SQL that means something else elsewhere. Such a
 * connection is refused.
 */
final class Catalog {

  private final Connection connection;

  Catalog(Connection connection) throws SQLException {
    this.connection = connection;
    String path = one("select current_setting('search_path')", row -> row.getString(1)).orElse("");
    if (!path.equals("pg_catalog")) {
      throw new IllegalArgumentException(
          "reading the catalog needs a connection with search_path = pg_catalog, not " + path);
    }
  }

  /** Reads one row of a result. */
  @FunctionalInterface
  interface Row<T> {
    T read(ResultSet row) throws SQLException;
  }

  /**
   * All rows.
   *
   * @param parameters strings, numbers, or collections of OIDs, which become {@code bigint[]}
   */
  <T> List<T> list(String sql, Row<T> reader, Object... parameters) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        if (parameters[i] instanceof Collection<?> oids) {
          select.setArray(i + 1, connection.createArrayOf("int8", oids.toArray()));
        } else {
          select.setObject(i + 1, parameters[i]);
        }
      }
      List<T> rows = new ArrayList<>();
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          rows.add(reader.read(row));
        }
      }
      return rows;
    }
  }

  /** The first row, or empty where there is none. */
  <T> Optional<T> one(String sql, Row<T> reader, Object... parameters) throws SQLException {
    return list(sql, reader, parameters).stream().findFirst();
  }

  /** The OID of a relation of any kind, or empty where there is none. */
  Optional<Long> oid(TableName name) throws SQLException {
    return one(
        """
        select c.oid::bigint from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = ? and c.relname = ?
        """,
        row -> row.getLong(1),
        name.schema(),
        name.name());
  }

  /** The columns by which changes name a table's rows; empty where it is no table. */
  List<String> key(TableName name) throws SQLException {
    return Tables.key(connection, name);
  }

  /** The types of a table's written columns. */
  Map<String, ColumnType> types(TableName name) throws SQLException {
    return ColumnTypes.read(connection, name);
  }

  /** A table, and its partitions where it is partitioned, each after what it is a partition of. */
  List<Partitions.Member> tree(TableName name) throws SQLException {
    return Partitions.tree(connection, name);
  }

  /** The leaf partitions of a table that are not sent as it is. */
  List<TableName> sentOtherwise(TableName name) throws SQLException {
    return Partitions.sentOtherwise(connection, name);
  }

  /** The OIDs of tables and of all their partitions. */
  List<Long> withPartitions(Collection<TableName> names) throws SQLException {
    List<Long> oids = new ArrayList<>();
    for (TableName name : oids(names).keySet()) {
      tree(name).forEach(member -> oids.add(member.oid()));
    }
    return oids;
  }

  /** The OIDs of relations, in the order given. */
  Map<TableName, Long> oids(Collection<TableName> names) throws SQLException {
    Map<TableName, Long> oids = new LinkedHashMap<>();
    for (TableName name : names) {
      oids.put(
          name,
          oid(name)
              .orElseThrow(
                  () ->
                      PostgresException.state(
                          ErrorKind.USAGE,
                          "there is no table " + name + " in this database",
                          "correct the table's name in the manifest, or create the table")));
    }
    return oids;
  }
}
