package dev.ficus.control.internal.doctor;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Partitions;
import dev.ficus.postgres.Quoted;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * A database that can be reached.
 *
 * @param database the database
 * @param connection an open connection to it, as the manifest's role
 * @param installed whether it has schema {@code ficus}
 * @param replica whether the role may set {@code session_replication_role}
 */
record Place(Database database, Connection connection, boolean installed, boolean replica) {

  interface RowReader<T> {
    T read(ResultSet row) throws SQLException;
  }

  String name() {
    return database.name();
  }

  <T> List<T> list(String sql, RowReader<T> reader, Object... parameters) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        select.setObject(i + 1, parameters[i]);
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

  <T> T one(String sql, RowReader<T> reader, Object... parameters) throws SQLException {
    return list(sql, reader, parameters).get(0);
  }

  String setting(String name) throws SQLException {
    return one("select current_setting(?)", row -> row.getString(1), name);
  }

  boolean has(TableName table) throws SQLException {
    return one(
        "select to_regclass(?) is not null", row -> row.getBoolean(1), Quoted.table(table).sql());
  }

  /** A table and its partitions. */
  List<TableName> withPartitions(TableName table) throws SQLException {
    return Partitions.tree(connection, table).stream().map(Partitions.Member::name).toList();
  }

  List<TableName> existing(List<TableName> tables) throws SQLException {
    List<TableName> existing = new ArrayList<>();
    for (TableName table : tables) {
      if (has(table)) {
        existing.add(table);
      }
    }
    return existing;
  }
}
