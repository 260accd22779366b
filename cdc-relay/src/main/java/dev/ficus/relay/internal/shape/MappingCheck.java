package dev.ficus.relay.internal.shape;

import dev.ficus.postgres.ColumnType;
import dev.ficus.postgres.DefaultCollation;
import dev.ficus.postgres.MappedColumn;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.RowMapping;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.UnsentColumns;
import dev.ficus.relay.RelayException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Verifies that a mapping means the same on both sides, and that each change brings what it needs.
 */
final class MappingCheck {

  private static final String ADVICE =
      "make the target's table what the manifest's transform says, then roll the group back to PROVISIONED and copy it anew";

  private MappingCheck() {}

  static MappedShape verify(
      Connection source,
      Connection target,
      StreamTable table,
      Map<String, ColumnType> sourceColumns,
      Map<String, ColumnType> targetColumns)
      throws SQLException {
    RowMapping mapping = table.mapping().orElseThrow();
    for (MappedColumn column : mapping.columns()) {
      column(table, column, sourceColumns, targetColumns.get(column.name()));
    }
    Set<String> neededWhole = mapping.neededWhole(table.columns());
    List<String> unsent = UnsentColumns.of(source, table.source(), neededWhole);
    if (!unsent.isEmpty()) {
      throw RelayException.stop(
          "the transform of table "
              + table.source()
              + " needs columns "
              + unsent
              + " with every change, but an update that leaves a large value as it was does not send it",
          "alter table "
              + Quoted.table(table.source())
              + " replica identity full, then roll the group back to PROVISIONED and copy it anew");
    }
    if (mapping.collated()) {
      sameCollation(source, target, table);
    }
    List<CarriedColumn> key = new ArrayList<>();
    for (String name : mapping.key()) {
      ColumnType type = targetColumns.get(name);
      if (type == null) {
        throw missing(table, name);
      }
      key.add(new CarriedColumn(name, type.cast()));
    }
    List<String> keptCasts = new ArrayList<>();
    for (String name : mapping.kept()) {
      ColumnType type = targetColumns.get(name);
      if (type == null) {
        throw missing(table, name);
      }
      keptCasts.add(type.cast());
    }
    return new MappedShape(mapping, key, collations(source, table), neededWhole, keptCasts);
  }

  private static void column(
      StreamTable table,
      MappedColumn column,
      Map<String, ColumnType> sources,
      @Nullable ColumnType target) {
    if (target == null) {
      throw missing(table, column.name());
    }
    String expected;
    boolean same;
    if (column instanceof MappedColumn.Carried carried) {
      ColumnType source = sources.get(carried.source());
      same = source != null && source.isSameAs(target);
      expected = source == null ? "nothing" : source.name();
    } else {
      expected = ((MappedColumn.Made) column).type();
      same = expected.equals(target.name());
    }
    if (!same) {
      throw RelayException.stop(
          "column "
              + column.name()
              + " of table "
              + table.target()
              + " is "
              + target.name()
              + " in the target, where the transform makes "
              + expected,
          ADVICE);
    }
  }

  private static RelayException missing(StreamTable table, String column) {
    return RelayException.stop(
        "column "
            + column
            + " of table "
            + table.target()
            + " in the target is missing or generated, and the transform has to write it",
        ADVICE);
  }

  /** Where an expression depends on the default collation, both sides must have the very same. */
  private static void sameCollation(Connection source, Connection target, StreamTable table)
      throws SQLException {
    String here = DefaultCollation.of(source);
    String there = DefaultCollation.of(target);
    if (!here.equals(there)) {
      throw RelayException.stop(
          "the transform of table "
              + table.source()
              + " depends on the default collation, which is "
              + here
              + " in the source and "
              + there
              + " in the target",
          "write collate \"C\" behind the texts that it compares or changes, or create the target's database with the source's collation");
    }
  }

  /** Of the collations that a column can have besides the default, a transform may use C alone. */
  private static List<String> collations(Connection source, StreamTable table) throws SQLException {
    List<String> collations = new ArrayList<>();
    try (PreparedStatement select =
        source.prepareStatement(
            """
            select coalesce((select l.oid::regcollation::text from pg_attribute a join pg_type t on t.oid = a.atttypid
              join pg_collation l on l.oid = a.attcollation and l.oid <> t.typcollation and l.collname in ('C', 'POSIX')
                and l.collnamespace = 'pg_catalog'::regnamespace
              where a.attrelid = ?::regclass and a.attname = c.name), '')
            from unnest(?::text[]) with ordinality c(name, ord) order by ord
            """)) {
      select.setString(1, Quoted.table(table.source()).sql());
      select.setArray(2, source.createArrayOf("text", table.columns().toArray()));
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          collations.add(row.getString(1));
        }
      }
    }
    return collations;
  }
}
