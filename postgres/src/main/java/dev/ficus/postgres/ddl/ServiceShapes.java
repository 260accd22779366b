package dev.ficus.postgres.ddl;

import dev.ficus.core.TableName;
import dev.ficus.core.manifest.Transform;
import dev.ficus.postgres.MappedColumn;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.RowMapping;
import dev.ficus.postgres.SqlErrors;
import dev.ficus.postgres.UnsentColumns;
import dev.ficus.postgres.transform.TransformedTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The shapes that a group's tables get in the service database where the manifest transforms some
 * of them: stand-ins that PostgreSQL has altered accordingly. What falls with a dropped column is
 * noted.
 */
final class ServiceShapes {

  private final Catalog catalog;
  private final Refusals refusals;
  private final Map<TableName, Transform> transforms;
  private final Map<TableName, TransformedTable> transformed = new LinkedHashMap<>();
  private final List<String> leftOut = new ArrayList<>();
  private final Scratch scratch;

  ServiceShapes(
      Connection connection,
      Catalog catalog,
      Refusals refusals,
      Map<TableName, Long> originals,
      Map<TableName, Transform> transforms)
      throws SQLException {
    this.catalog = catalog;
    this.refusals = refusals;
    this.transforms = transforms;
    for (Map.Entry<TableName, Transform> transform : transforms.entrySet()) {
      TransformedTable.refusals(connection, transform.getKey(), transform.getValue())
          .forEach(refusal -> refusals.add(refusal.what(), refusal.next()));
    }
    refusals.throwIfAny(ServiceSchema.DOING);
    for (Map.Entry<TableName, Transform> transform : transforms.entrySet()) {
      transformed.put(
          transform.getKey(),
          TransformedTable.resolve(connection, transform.getKey(), transform.getValue()));
    }
    connection.setAutoCommit(false);
    this.scratch = Scratch.make(connection, catalog, originals, new Carrying());
    for (TableName table : originals.keySet()) {
      if (transforms.containsKey(table)) {
        alter(connection, table);
      }
    }
  }

  /** What knows a column by its bare name in a text cannot follow the column. */
  private final class Carrying implements Scratch.Carried {

    @Override
    public boolean trigger(TableName table, String name, String text) {
      Transform transform = transforms.get(table);
      if (transform == null) {
        return true;
      }
      Set<String> gone = new LinkedHashSet<>(transform.rename().keySet());
      gone.addAll(transform.drop());
      gone.addAll(transform.cast().keySet());
      for (String column : gone) {
        if (Pattern.compile("(?i)(?<!\\w)" + Pattern.quote(column) + "(?!\\w)")
            .matcher(text)
            .find()) {
          leftOut.add(
              "trigger " + name + " of table " + table + ": its function names column " + column);
          return false;
        }
      }
      return true;
    }

    @Override
    public boolean foreignKey(String name, TableName referenced) {
      Transform transform = transforms.get(referenced);
      if (transform == null || transform.filter().isEmpty()) {
        return true;
      }
      leftOut.add("foreign key " + name + ": the rows of table " + referenced + " are filtered");
      return false;
    }
  }

  /** Their OIDs by the names of the real tables. */
  Map<TableName, Long> oids() {
    return scratch.oids();
  }

  /** Text about them as text about the service's tables. */
  String asReal(String sql) {
    return scratch.asReal(sql);
  }

  /** What is not in the service database, with the reason. */
  List<String> leftOut() {
    return leftOut;
  }

  /** The columns of a real table whose types the service database must know. */
  boolean carries(TableName table, String column) {
    TransformedTable made = transformed.get(table);
    return made == null || made.forward().columns().contains(column);
  }

  /** What a column of a real table is called in the service's; empty where that one has none. */
  Optional<String> nameOf(TableName table, String column) {
    Transform transform = transforms.get(table);
    if (transform == null) {
      return Optional.of(column);
    }
    return transform.drop().contains(column)
        ? Optional.empty()
        : Optional.of(transform.nameOf(column));
  }

  /** Those of them that the service's table does not have. */
  List<String> readOnly(TableName table) {
    Transform transform = transforms.get(table);
    return transform == null
        ? List.of()
        : transform.drop().stream().filter(column -> carries(table, column)).toList();
  }

  private void alter(Connection connection, TableName table) throws SQLException {
    Transform transform = transforms.getOrDefault(table, null);
    TransformedTable made = transformed.get(table);
    if (transform == null || made == null) {
      throw new IllegalStateException("no transform of " + table);
    }
    String alter = "alter table " + Quoted.table(scratch.name(table)) + " ";
    Set<String> before = inventory(table);
    try {
      for (String column : transform.drop()) {
        scratch.execute(alter + "drop column " + Quoted.name(column) + " cascade");
      }
      for (String column : transform.cast().keySet()) {
        cast(table, alter, column, transform, made);
      }
      int number = 0;
      for (String column : transform.rename().keySet()) {
        scratch.execute(
            alter + "rename column " + Quoted.name(column) + " to ficus_renamed_" + number++);
      }
      number = 0;
      for (String name : transform.rename().values()) {
        scratch.execute(
            alter + "rename column ficus_renamed_" + number++ + " to " + Quoted.name(name));
      }
      for (MappedColumn column : made.forward().mapping().orElseThrow().columns()) {
        TransformedTable.Definition definition = made.made().get(column.name());
        if (definition != null
            && (transform.constants().containsKey(column.name())
                || transform.expressions().containsKey(column.name()))) {
          scratch.execute(
              alter
                  + "add column "
                  + Quoted.name(column.name())
                  + " "
                  + definition.type()
                  + (transform.constants().containsKey(column.name())
                      ? " default " + definition.sql()
                      : ""));
        }
      }
      identity(connection, table, alter, made);
    } catch (SQLException e) {
      refusals.add(
          "the transform of table " + table + " cannot be made: " + SqlErrors.describe(e),
          "drop, or change in the shared table, what stands on the columns that it changes");
      refusals.throwIfAny(ServiceSchema.DOING);
    }
    before.removeAll(inventory(table));
    before.forEach(
        what -> leftOut.add(what + " of table " + table + ": it stood on a dropped column"));
  }

  private void cast(
      TableName table, String alter, String column, Transform transform, TransformedTable made)
      throws SQLException {
    TransformedTable.Definition definition = made.made().get(transform.nameOf(column));
    if (definition == null) {
      throw new IllegalStateException("no cast of column " + column + " of " + table);
    }
    String quoted = Quoted.name(column).sql();
    List<String> defaults =
        catalog.list(
            """
            select pg_get_expr(d.adbin, d.adrelid) from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
            where d.adrelid = ? and a.attname = ?
            """,
            row -> row.getString(1),
            scratch.oids().getOrDefault(table, 0L),
            column);
    if (!defaults.isEmpty()) {
      scratch.execute(alter + "alter column " + quoted + " drop default");
    }
    scratch.execute(
        alter
            + "alter column "
            + quoted
            + " type "
            + definition.type()
            + " using null::"
            + definition.type());
    for (String expression : defaults) {
      scratch.execute(
          alter
              + "alter column "
              + quoted
              + " set default ("
              + expression
              + ")::"
              + definition.type());
    }
  }

  /** The way back needs every value that it makes another one of. */
  private void identity(Connection connection, TableName table, String alter, TransformedTable made)
      throws SQLException {
    RowMapping back = made.back().mapping().orElseThrow();
    if (UnsentColumns.of(connection, scratch.name(table), back.neededWhole(made.back().columns()))
        .isEmpty()) {
      return;
    }
    scratch.execute(alter + "replica identity full");
    if (!catalog.key(scratch.name(table)).equals(made.back().key())) {
      refusals.add(
          "the way back of table "
              + table
              + " needs the full replica identity, with which its rows would be told apart by another key than "
              + made.back().key(),
          "make that key the primary key");
    }
  }

  /** What stands on a table's columns, by kind and name. */
  private Set<String> inventory(TableName table) throws SQLException {
    long oid = scratch.oids().getOrDefault(table, 0L);
    return new LinkedHashSet<>(
        catalog.list(
            """
            select case c.contype when 'f' then 'foreign key ' else 'constraint ' end || c.conname from pg_constraint c
              where c.conrelid = ? and c.contype <> 'n'
            union all select 'index ' || c.relname from pg_index i join pg_class c on c.oid = i.indexrelid
              where i.indrelid = ? and not exists (select from pg_constraint k where k.conindid = i.indexrelid)
            union all select 'statistics ' || s.stxname from pg_statistic_ext s where s.stxrelid = ?
            union all select 'trigger ' || t.tgname from pg_trigger t where t.tgrelid = ? and not t.tgisinternal
            union all select 'generated column ' || a.attname from pg_attribute a
              where a.attrelid = ? and a.attgenerated <> '' and not a.attisdropped
            order by 1
            """,
            row -> row.getString(1),
            oid,
            oid,
            oid,
            oid,
            oid));
  }
}
