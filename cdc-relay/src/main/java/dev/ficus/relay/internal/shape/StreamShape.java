package dev.ficus.relay.internal.shape;

import dev.ficus.core.Direction;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.Table;
import dev.ficus.postgres.Tables;
import dev.ficus.relay.RelayException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Verifies that what a stream is asked to carry can be carried exactly (rule R7). */
public final class StreamShape {

  private static final String SHAPE_ADVICE =
      "make the table the same on both sides, then request the stream again with a new copy";

  private StreamShape() {}

  /**
   * Compares every table of the stream on both sides.
   *
   * @throws RelayException naming the first table, column or type that cannot be carried
   */
  public static List<TableShape> verify(
      Database source, Connection sourceConnection, Connection targetConnection, StreamRow row) {
    List<TableShape> shapes = new ArrayList<>();
    for (StreamTable table : row.tables()) {
      try {
        shapes.add(verify(source, sourceConnection, targetConnection, row, table));
      } catch (SQLException e) {
        throw PostgresException.sql(
            "comparing table " + table.source() + " of " + source + " with the target's", e);
      }
    }
    return shapes;
  }

  private static TableShape verify(
      Database source,
      Connection sourceConnection,
      Connection targetConnection,
      StreamRow row,
      StreamTable table)
      throws SQLException {
    Map<String, CatalogColumn> sourceColumns = CatalogColumn.read(sourceConnection, table.source());
    Map<String, CatalogColumn> targetColumns = CatalogColumn.read(targetConnection, table.target());
    boolean allColumns = row.direction() != Direction.REFERENCE;
    verifySource(source, sourceConnection, table);
    verifyTargetKey(targetConnection, table);
    if (allColumns) {
      Set<String> carried = Set.copyOf(table.columns());
      refuseOthers(table.source() + " in the source", sourceColumns.keySet(), carried);
      refuseOthers(table.target() + " in the target", targetColumns.keySet(), carried);
    }
    List<CarriedColumn> columns = new ArrayList<>();
    for (String name : table.columns()) {
      columns.add(verify(table, name, sourceColumns.get(name), targetColumns.get(name)));
    }
    return new TableShape(
        table.source(),
        table.target(),
        columns,
        table.key().stream().map(key -> table.columns().indexOf(key)).toList(),
        allColumns);
  }

  private static void refuseOthers(String where, Set<String> there, Set<String> carried) {
    Set<String> others = new LinkedHashSet<>(there);
    others.removeAll(carried);
    if (!others.isEmpty()) {
      throw RelayException.stop(
          "table " + where + " has columns that the stream does not carry: " + others,
          SHAPE_ADVICE);
    }
  }

  private static CarriedColumn verify(
      StreamTable table,
      String name,
      @Nullable CatalogColumn source,
      @Nullable CatalogColumn target) {
    if (source == null || target == null) {
      throw RelayException.stop(
          "column "
              + name
              + " of table "
              + (source == null
                  ? table.source() + " in the source"
                  : table.target() + " in the target")
              + " is missing or generated, and the stream has to carry it",
          SHAPE_ADVICE);
    }
    if (!source.equals(target)) {
      throw RelayException.stop(
          "column "
              + name
              + " of table "
              + table.source()
              + " is "
              + describe(source)
              + " in the source and "
              + describe(target)
              + " in the target",
          SHAPE_ADVICE);
    }
    if (!source.isCarried()) {
      throw RelayException.stop(
          "column "
              + name
              + " of table "
              + table.source()
              + " has type "
              + source.type()
              + ", which this version cannot carry exactly",
          "leave the table out of the group, or change the column to a carried type (docs/limits.md lists them)");
    }
    return new CarriedColumn(name, source.cast());
  }

  private static String describe(CatalogColumn column) {
    return column.enumLabels().isEmpty()
        ? column.type()
        : column.type() + " with labels " + column.enumLabels();
  }

  private static void verifySource(Database source, Connection connection, StreamTable table)
      throws SQLException {
    Table shape = Tables.read(connection, source.toString(), table.source());
    if (!shape.key().equals(table.key())) {
      throw RelayException.stop(
          "table "
              + table.source()
              + " in the source has primary key "
              + shape.key()
              + " but the stream was requested with key "
              + table.key(),
          "request the stream again with the table's primary key");
    }
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select c.relkind, c.relreplident, c.relpersistence, exists (select from pg_inherits i where i.inhparent = c.oid)
            from pg_class c where c.oid = ?::regclass
            """)) {
      select.setString(1, Quoted.table(table.source()).sql());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        if (!row.getString(1).equals("r") || row.getBoolean(4) || !row.getString(3).equals("p")) {
          throw RelayException.stop(
              "table "
                  + table.source()
                  + " in the source is partitioned, inherited from, temporary or unlogged",
              "this version carries plain logged tables only; leave the table out of the group");
        }
        if (!row.getString(2).equals("d") && !row.getString(2).equals("f")) {
          throw RelayException.stop(
              "table "
                  + table.source()
                  + " in the source has a replica identity other than its primary key",
              "run: alter table " + Quoted.table(table.source()) + " replica identity default");
        }
      }
    }
  }

  private static void verifyTargetKey(Connection connection, StreamTable table)
      throws SQLException {
    TableName target = table.target();
    Table shape = Tables.read(connection, "the target", target);
    if (!shape.key().equals(table.key())) {
      throw RelayException.stop(
          "table "
              + target
              + " in the target has primary key "
              + shape.key()
              + " but the stream's key is "
              + table.key(),
          "give the target table the primary key of the source table");
    }
  }
}
