package dev.ficus.postgres.ddl;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Quoted;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Writes one table with its columns, key, unique and check constraints. */
final class TableDdl {

  private final Catalog catalog;
  private final Refusals refusals;

  TableDdl(Catalog catalog, Refusals refusals) {
    this.catalog = catalog;
    this.refusals = refusals;
  }

  private record Definition(
      String name,
      String type,
      String collation,
      boolean notNull,
      String identity,
      String generated,
      String expression) {}

  private List<Definition> columns(long table) throws SQLException {
    return catalog.list(
        """
        select a.attname, format_type(a.atttypid, a.atttypmod),
          case when a.attcollation <> 0 and a.attcollation <> t.typcollation
            then quote_ident(ln.nspname) || '.' || quote_ident(l.collname) else '' end,
          a.attnotnull, case when c.relispartition then '' else a.attidentity::text end, a.attgenerated::text, coalesce(pg_get_expr(d.adbin, d.adrelid), '')
        from pg_attribute a
        join pg_class c on c.oid = a.attrelid
        join pg_type t on t.oid = a.atttypid
        left join pg_collation l on l.oid = a.attcollation
        left join pg_namespace ln on ln.oid = l.collnamespace
        left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attrelid = ? and a.attnum > 0 and not a.attisdropped
        order by a.attnum
        """,
        row ->
            new Definition(
                row.getString(1),
                row.getString(2),
                row.getString(3),
                row.getBoolean(4),
                row.getString(5),
                row.getString(6),
                row.getString(7)),
        table);
  }

  /**
   * The statement for a table in full. A partition is made as a table of its own, with columns,
   * defaults and constraints as it has them, and attached later; an identity comes from its root.
   *
   * @param identities the sequences behind identity columns, by column
   */
  String create(TableName name, long oid, Map<String, SequenceDdl.Sequence> identities)
      throws SQLException {
    List<String> lines = new ArrayList<>();
    for (Definition column : columns(oid)) {
      StringBuilder line = new StringBuilder(shape(column));
      if (!column.generated().isEmpty()) {
        line.append(" generated always as (")
            .append(column.expression())
            .append(column.generated().equals("s") ? ") stored" : ") virtual");
      } else if (!column.identity().isEmpty()) {
        SequenceDdl.Sequence sequence = identities.get(column.name());
        if (sequence == null) {
          throw new IllegalStateException(
              "identity column " + name + "." + column.name() + " has no sequence");
        }
        line.append(' ').append(SequenceDdl.identity(sequence, column.identity()));
      } else if (!column.expression().isEmpty()) {
        line.append(" default ").append(column.expression());
      }
      lines.add(line.append(column.notNull() ? " not null" : "").toString());
    }
    lines.addAll(
        catalog.list(
            """
            select 'constraint ' || quote_ident(conname) || ' ' || pg_get_constraintdef(oid)
            from pg_constraint where conrelid = ? and contype in ('p', 'u', 'c') and convalidated order by contype <> 'p', contype, conname
            """,
            row -> row.getString(1),
            oid));
    String options =
        catalog
            .one(
                """
                select coalesce(string_agg(quote_ident(o.option_name) || ' = ' || quote_literal(o.option_value), ', '), '')
                from pg_class c cross join lateral pg_options_to_table(c.reloptions) o where c.oid = ?
                """,
                row -> row.getString(1),
                oid)
            .orElse("");
    String partitionKey =
        catalog
            .one(
                "select coalesce(' partition by ' || pg_get_partkeydef(?::bigint::oid), '')",
                row -> row.getString(1),
                oid)
            .orElse("");
    return statement(name, lines)
        + partitionKey
        + (options.isEmpty() ? ";" : " with (" + options + ");");
  }

  /** The statement for a reference copy: chosen columns without defaults, and the key. */
  String createReference(ReferenceTable reference, long oid) throws SQLException {
    TableName name = reference.source();
    List<Definition> all = columns(oid);
    List<String> key = catalog.key(name);
    List<String> known = all.stream().map(Definition::name).toList();
    for (String column : reference.columns()) {
      if (!known.contains(column)) {
        refusals.add(
            "column " + column + " of reference copy " + name + " does not exist",
            "correct the manifest");
      }
    }
    List<String> lines = new ArrayList<>();
    for (Definition column : all) {
      if (!reference.columns().contains(column.name())) {
        if (key.contains(column.name())) {
          refusals.add(
              "reference copy " + name + " leaves out key column " + column.name(),
              "add it to the reference's columns in the manifest");
        }
      } else if (!column.generated().isEmpty()) {
        refusals.add(
            "column " + column.name() + " of reference copy " + name + " is generated",
            "generated columns are not in the stream; leave it out");
      } else {
        lines.add(shape(column) + (column.notNull() ? " not null" : ""));
      }
    }
    lines.add("primary key (" + Quoted.names(key) + ")");
    return statement(name, lines) + ";";
  }

  private static String shape(Definition column) {
    return Quoted.name(column.name())
        + " "
        + column.type()
        + (column.collation().isEmpty() ? "" : " collate " + column.collation());
  }

  private static String statement(TableName name, List<String> lines) {
    return "create table "
        + Quoted.table(name)
        + " (\n    "
        + String.join(",\n    ", lines)
        + "\n)";
  }
}
