package dev.ficus.postgres.ddl;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Quoted;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Writes the enum types and domains that tables use. */
final class TypeDdl {

  private final Catalog catalog;

  TypeDdl(Catalog catalog) {
    this.catalog = catalog;
  }

  private static final String SELECT =
      """
      select n.nspname, t.typname, t.typtype::text,
        (select string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
        format_type(t.typbasetype, t.typtypmod), t.typnotnull, pg_get_expr(t.typdefaultbin, 0),
        (select string_agg(' constraint ' || quote_ident(c.conname) || ' ' || pg_get_constraintdef(c.oid), '' order by c.conname)
           from pg_constraint c where c.contypid = t.oid and c.contype = 'c'),
        obj_description(t.oid, 'pg_type'),
        (select case when l.oid <> b.typcollation then quote_ident(ln.nspname) || '.' || quote_ident(l.collname) end
           from pg_type b, pg_collation l join pg_namespace ln on ln.oid = l.collnamespace
           where b.oid = t.typbasetype and l.oid = t.typcollation)
      from pg_type t join pg_namespace n on n.oid = t.typnamespace
      where t.oid = any (?::bigint[]::oid[])
      """;

  /**
   * A domain can rest on an enum or on another domain: enums come first, then domains by how deep
   * they are nested.
   */
  private static final String ORDER =
      """
      order by t.typtype <> 'e',
        (with recursive base(oid, depth) as (
           select t.typbasetype, 0
           union all select nullif(case when b.typelem <> 0 and b.typcategory = 'A' then b.typelem else b.typbasetype end, 0), base.depth + 1
             from base join pg_type b on b.oid = base.oid)
         select max(depth) from base),
        1, 2
      """;

  List<String> create(Collection<Long> types) throws SQLException {
    List<String> statements = new ArrayList<>();
    catalog.list(
        SELECT + ORDER,
        row -> {
          Quoted name = Quoted.table(new TableName(row.getString(1), row.getString(2)));
          if (row.getString(3).equals("e")) {
            statements.add("create type " + name + " as enum (" + text(row.getString(4)) + ");");
          } else {
            String collation = text(row.getString(10));
            String expression = text(row.getString(7));
            statements.add(
                "create domain "
                    + name
                    + " as "
                    + row.getString(5)
                    + (collation.isEmpty() ? "" : " collate " + collation)
                    + (expression.isEmpty() ? "" : " default " + expression)
                    + (row.getBoolean(6) ? " not null" : "")
                    + text(row.getString(8))
                    + ";");
          }
          String comment = text(row.getString(9));
          if (!comment.isEmpty()) {
            statements.add(
                "comment on "
                    + (row.getString(3).equals("e") ? "type " : "domain ")
                    + name
                    + " is "
                    + Quoted.literal(comment)
                    + ";");
          }
          return name;
        },
        types);
    return statements;
  }

  /** The types' quoted names, in the order in which they can be dropped. */
  List<String> names(Collection<Long> types) throws SQLException {
    List<String> names =
        new ArrayList<>(
            catalog.list(
                SELECT + ORDER,
                row ->
                    (row.getString(3).equals("e") ? "type " : "domain ")
                        + Quoted.table(new TableName(row.getString(1), row.getString(2))),
                types));
    java.util.Collections.reverse(names);
    return names;
  }

  List<String> schemas(Collection<Long> types) throws SQLException {
    return catalog.list(SELECT, row -> row.getString(1), types);
  }

  private static String text(@org.jspecify.annotations.Nullable String value) {
    return value == null ? "" : value;
  }
}
