package dev.ficus.postgres.ddl;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Quoted;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;

/**
 * Writes the enums, domains, composites and ranges that tables use, and asks for extensions.
 *
 * <p>Groups of one service can share a type, and each has a migration of its own: so a type is
 * created only where it is not there yet. Whether it is the same one is verified when a stream
 * begins.
 */
final class TypeDdl {

  private static final String NAMES =
      """
      select n.nspname, t.typname, t.typtype::text from pg_type t join pg_namespace n on n.oid = t.typnamespace where t.oid = ?
      """;

  private static final String CREATE =
      """
      select case t.typtype
        when 'e' then 'create type ' || x.name || ' as enum ('
          || coalesce((select string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid), '') || ')'
        when 'd' then 'create domain ' || x.name || ' as ' || format_type(t.typbasetype, t.typtypmod)
          || coalesce((select ' collate ' || l.oid::regcollation from pg_type b, pg_collation l
               where b.oid = t.typbasetype and l.oid = t.typcollation and l.oid <> b.typcollation), '')
          || coalesce(' default ' || pg_get_expr(t.typdefaultbin, 0), '') || case when t.typnotnull then ' not null' else '' end
          || coalesce((select string_agg(' constraint ' || quote_ident(c.conname) || ' ' || pg_get_constraintdef(c.oid), '' order by c.conname)
               from pg_constraint c where c.contypid = t.oid and c.contype = 'c' and c.convalidated), '')
        when 'c' then 'create type ' || x.name || ' as ('
          || coalesce((select string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
                 || case when a.attcollation <> 0 and a.attcollation <> b.typcollation then ' collate ' || a.attcollation::regcollation else '' end,
                 ', ' order by a.attnum)
               from pg_attribute a join pg_type b on b.oid = a.atttypid
               where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped), '') || ')'
        else (select 'create type ' || x.name || ' as range (subtype = ' || format_type(r.rngsubtype, null)
            || case when o.opcdefault then '' else ', subtype_opclass = ' || quote_ident(o.opcname) end
            || case when r.rngcollation in (0, b.typcollation) then '' else ', collation = ' || r.rngcollation::regcollation end
            || case when r.rngsubdiff = 0 then '' else ', subtype_diff = ' || r.rngsubdiff end
            || ', multirange_type_name = ' || quote_ident(mn.nspname) || '.' || quote_ident(m.typname) || ')'
          from pg_range r join pg_opclass o on o.oid = r.rngsubopc join pg_type b on b.oid = r.rngsubtype
          join pg_type m on m.oid = r.rngmultitypid join pg_namespace mn on mn.oid = m.typnamespace
          where r.rngtypid = t.oid)
        end,
        coalesce((select string_agg('alter domain ' || x.name || ' add constraint ' || quote_ident(c.conname) || ' ' || pg_get_constraintdef(c.oid) || ';',
            E'\n        ' order by c.conname)
          from pg_constraint c where c.contypid = t.oid and c.contype = 'c' and not c.convalidated), ''),
        coalesce(obj_description(t.oid, 'pg_type'), '')
      from pg_type t cross join lateral (select quote_ident(n.nspname) || '.' || quote_ident(t.typname) as name
        from pg_namespace n where n.oid = t.typnamespace) x
      where t.oid = ?
      """;

  private final Catalog catalog;

  TypeDdl(Catalog catalog) {
    this.catalog = catalog;
  }

  /** Creates the types, in the order given: each after those that it is made of. */
  List<String> create(Collection<Long> types) throws SQLException {
    List<String> statements = new ArrayList<>();
    for (long type : types) {
      Name name = name(type);
      catalog.list(
          CREATE,
          row -> {
            statements.add(
                ifAbsent(
                    name,
                    row.getString(1)
                        + ";"
                        + (row.getString(2).isEmpty() ? "" : "\n        " + row.getString(2))));
            if (!row.getString(3).isEmpty()) {
              statements.add(
                  "comment on "
                      + name.kind()
                      + name.quoted()
                      + " is "
                      + Quoted.literal(row.getString(3))
                      + ";");
            }
            return name;
          },
          type);
    }
    return statements;
  }

  private static String ifAbsent(Name name, String statements) {
    String tag = "$ficus$";
    while ((name.quoted() + statements).contains(tag)) {
      tag = "$" + tag.replace("$", "") + "_$";
    }
    return """
        do %1$s
        begin
            if to_regtype(%2$s) is null then
                %3$s
            end if;
        end
        %1$s;"""
        .formatted(tag, Quoted.literal(name.quoted().sql()), statements);
  }

  private record Name(String schema, String kind, Quoted quoted) {}

  private Name name(long type) throws SQLException {
    return catalog
        .one(
            NAMES,
            row ->
                new Name(
                    row.getString(1),
                    row.getString(3).equals("d") ? "domain " : "type ",
                    Quoted.table(new TableName(row.getString(1), row.getString(2)))),
            type)
        .orElseThrow();
  }

  /** The types' quoted names, in the order in which they can be dropped. */
  List<String> names(Collection<Long> types) throws SQLException {
    List<String> names = new ArrayList<>();
    for (long type : types) {
      Name name = name(type);
      names.add(name.kind() + name.quoted());
    }
    Collections.reverse(names);
    return names;
  }

  /** Creates the extensions that are not there yet. */
  List<String> extensions(Collection<String> names) throws SQLException {
    List<String> statements = new ArrayList<>();
    for (String name : names) {
      statements.add(
          "create extension if not exists "
              + Quoted.name(name)
              + " with schema "
              + Quoted.name(schemaOf(name))
              + ";");
    }
    return statements;
  }

  private String schemaOf(String extension) throws SQLException {
    return catalog
        .one(
            "select n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = ?",
            row -> row.getString(1),
            extension)
        .orElseThrow();
  }

  List<String> schemas(Collection<Long> types, Collection<String> extensions) throws SQLException {
    List<String> schemas = new ArrayList<>();
    for (long type : types) {
      schemas.add(name(type).schema());
    }
    for (String extension : extensions) {
      schemas.add(schemaOf(extension));
    }
    return schemas;
  }
}
