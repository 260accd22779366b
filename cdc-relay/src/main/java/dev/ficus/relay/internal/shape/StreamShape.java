package dev.ficus.relay.internal.shape;

import dev.ficus.core.Direction;
import dev.ficus.core.TableName;
import dev.ficus.postgres.ColumnType;
import dev.ficus.postgres.ColumnTypes;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Partitions;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.RowMapping;
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
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Verifies that what a stream is asked to carry can be carried exactly (rule R7). */
public final class StreamShape {

  private static final String SHAPE_ADVICE =
      "make the table the same on both sides, then roll the group back to PROVISIONED and copy it anew";

  private StreamShape() {}

  /**
   * Compares every table of the stream on both sides, as both catalogs have it now.
   *
   * @throws RelayException naming the first table, column or type that cannot be carried
   */
  public static List<TableShape> verify(
      Database source, Connection sourceConnection, Connection targetConnection, StreamRow row) {
    List<TableShape> shapes = new ArrayList<>();
    for (StreamTable table : row.tables()) {
      try {
        verifySource(source, sourceConnection, table);
        GeneratedColumns.verify(sourceConnection, table.source(), "source");
        shapes.add(
            verify(
                sourceConnection,
                ColumnTypes.read(sourceConnection, table.source()),
                targetConnection,
                row,
                table,
                false));
      } catch (SQLException e) {
        throw PostgresException.sql(
            "comparing table " + table.source() + " of " + source + " with the target's", e);
      }
    }
    return shapes;
  }

  /**
   * Compares one table as the source described it, which may be earlier than now, with the target.
   *
   * @param sourceColumns the types of its columns in the source, as it described them
   * @param mayHaveMore whether the target may have columns that the source is yet to get
   * @throws RelayException naming the first column or type that cannot be carried
   */
  public static TableShape verify(
      Connection sourceConnection,
      Map<String, ColumnType> sourceColumns,
      Connection targetConnection,
      StreamRow row,
      StreamTable table,
      boolean mayHaveMore)
      throws SQLException {
    Map<String, ColumnType> targetColumns = ColumnTypes.read(targetConnection, table.target());
    boolean allColumns = row.direction() != Direction.REFERENCE;
    verifyTargetKey(targetConnection, table);
    // The way back makes it a source.
    GeneratedColumns.verify(targetConnection, table.target(), "target");
    if (allColumns) {
      Set<String> carried = Set.copyOf(table.columns());
      refuseOthers(
          table.source() + " in the source", sourceColumns.keySet(), carried, table.ignored());
      if (!mayHaveMore) {
        refuseOthers(
            table.target() + " in the target",
            targetColumns.keySet(),
            Set.copyOf(table.targetColumns()),
            table.mapping().map(RowMapping::kept).orElse(List.of()));
      }
    }
    List<CarriedColumn> columns = new ArrayList<>();
    for (String name : table.columns()) {
      ColumnType type = sourceColumns.get(name);
      // Where rows are mapped, the mapping is what the target is verified by.
      ColumnType other = table.mapping().isPresent() ? type : targetColumns.get(name);
      columns.add(verify(table, name, type, other));
    }
    Optional<MappedShape> mapped =
        table.mapping().isPresent()
            ? Optional.of(
                MappingCheck.verify(
                    sourceConnection, targetConnection, table, sourceColumns, targetColumns))
            : Optional.empty();
    return new TableShape(
        table.source(),
        table.target(),
        columns,
        table.key().stream().map(key -> table.columns().indexOf(key)).toList(),
        allColumns,
        mapped);
  }

  private static void refuseOthers(
      String where, Set<String> there, Set<String> carried, List<String> leftOut) {
    Set<String> others = new LinkedHashSet<>(there);
    others.removeAll(carried);
    others.removeAll(Set.copyOf(leftOut));
    if (!others.isEmpty()) {
      throw RelayException.stop(
          "table " + where + " has columns that the stream does not carry: " + others,
          SHAPE_ADVICE);
    }
  }

  private static CarriedColumn verify(
      StreamTable table, String name, @Nullable ColumnType source, @Nullable ColumnType target) {
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
    String column = "column " + name + " of table " + table.source();
    if (!source.isSameAs(target)) {
      boolean named = !source.name().equals(target.name());
      throw RelayException.stop(
          column
              + " is "
              + (named ? source.name() : source.structure())
              + " in the source and "
              + (named ? target.name() : target.structure())
              + " in the target",
          SHAPE_ADVICE);
    }
    Optional<String> refusal = source.refusal().or(target::refusal);
    if (refusal.isPresent()) {
      throw RelayException.stop(
          column
              + " has type "
              + source.name()
              + ", which cannot be carried exactly: "
              + refusal.get(),
          "leave the table out of the group, or change the column to a carried type (docs/limits.md lists what is refused)");
    }
    if (table.key().contains(name) && source.refusalAsKey().isPresent()) {
      throw RelayException.stop(
          column
              + " tells rows apart, but has type "
              + source.name()
              + ": "
              + source.refusalAsKey().get(),
          "give the table a key of a built-in type, or leave it out of the group");
    }
    // By the target's name: a schema of the source may have been renamed since.
    return new CarriedColumn(name, target.cast());
  }

  private static void verifySource(Database source, Connection connection, StreamTable table)
      throws SQLException {
    Table shape = Tables.read(connection, source.toString(), table.source());
    if (shape.key().isEmpty()) {
      throw RelayException.stop(
          "table "
              + table.source()
              + " in the source has no identity that a change could name its row by",
          "add a primary key, or a unique index over columns that are not null and run: alter table "
              + Quoted.table(table.source())
              + " replica identity using index …; where the identity is 'nothing', run: alter table "
              + Quoted.table(table.source())
              + " replica identity default");
    }
    if (!shape.key().equals(table.key())) {
      throw RelayException.stop(
          "table "
              + table.source()
              + " in the source tells its rows apart by "
              + shape.key()
              + " but the stream was requested with key "
              + table.key(),
          "roll the group back to PROVISIONED and copy it anew");
    }
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select case when c.relispartition then pg_partition_root(c.oid)::text end,
              c.relpersistence = 'p' and (c.relkind = 'p' or c.relkind = 'r' and not exists (
                select from pg_inherits i where c.oid in (i.inhparent, i.inhrelid)))
            from pg_class c where c.oid = ?::regclass
            """)) {
      select.setString(1, Quoted.table(table.source()).sql());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        String where = "table " + table.source() + " in the source ";
        String root = row.getString(1);
        if (root != null) {
          throw RelayException.stop(
              where + "is a partition of " + root,
              "name " + root + " instead: its partitions come with it");
        }
        if (!row.getBoolean(2)) {
          throw RelayException.stop(
              where + "is inherited from, temporary or unlogged",
              "this version carries logged tables and their partitions only; leave the table out of the group");
        }
      }
    }
    List<TableName> odd = Partitions.sentOtherwise(connection, table.source());
    if (!odd.isEmpty()) {
      throw RelayException.stop(
          "partitions "
              + odd
              + " of table "
              + table.source()
              + " in the source are not sent as it is: they are foreign or unlogged, or their replica identity is another one",
          "alter the partitions, or detach them, then try again");
    }
  }

  /** The target may have another primary key; an upsert needs a unique index of these columns. */
  private static void verifyTargetKey(Connection connection, StreamTable table)
      throws SQLException {
    if (!Tables.hasUniqueIndex(connection, table.target(), table.targetKey())) {
      throw RelayException.stop(
          "table "
              + table.target()
              + " in the target has no unique index of exactly the columns "
              + table.targetKey()
              + " by which the source tells rows apart",
          "give the target table the primary key or unique index of the source table");
    }
  }
}
