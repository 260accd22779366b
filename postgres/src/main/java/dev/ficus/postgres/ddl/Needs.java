package dev.ficus.postgres.ddl;

import dev.ficus.postgres.ColumnTypes;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a set of tables needs besides itself: types, functions and sequences, followed through
 * pg_depend. Whatever else is found there is refused by name, never left out silently (rule R7).
 *
 * <p>pg_depend does not know what a function's text calls; that is carried as it stands.
 */
final class Needs {

  private final Catalog catalog;
  private final Refusals refusals;
  private final Set<Long> types = new LinkedHashSet<>();
  private final Set<String> extensions = new TreeSet<>();
  private final Set<Long> functions = new TreeSet<>();
  private final Set<Long> sequences = new TreeSet<>();
  private final Deque<Long> newFunctions = new ArrayDeque<>();
  private final Deque<Long> newTypes = new ArrayDeque<>();

  Needs(Catalog catalog, Refusals refusals) {
    this.catalog = catalog;
    this.refusals = refusals;
  }

  /** OIDs of enums, domains, composites and ranges, each after those that it is made of. */
  Set<Long> types() {
    return types;
  }

  /** Extensions whose types, functions and operator classes are used. */
  Set<String> extensions() {
    return extensions;
  }

  /** OIDs of functions. */
  Set<Long> functions() {
    return functions;
  }

  /** OIDs of sequences that defaults use, whoever owns them. */
  Set<Long> sequences() {
    return sequences;
  }

  private record Dependency(String who, String kind, long oid, String what, String extension) {

    static Dependency read(ResultSet row) throws SQLException {
      return new Dependency(
          row.getString(1), row.getString(2), row.getLong(3), row.getString(4), row.getString(5));
    }
  }

  private static final String DEPENDENCIES =
      """
      select distinct pg_describe_object(o.classid, o.objid, 0), d.refclassid::regclass::text, d.refobjid::bigint,
        pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid),
        coalesce((select e.extname from pg_depend m join pg_extension e on e.oid = m.refobjid
          where m.classid = d.refclassid and m.objid = d.refobjid and m.deptype = 'e' and m.refclassid = 'pg_extension'::regclass), '')
      from object o join pg_depend d on d.classid = o.classid and d.objid = o.objid
      where d.deptype in ('n', 'a', 'e', 'x')
      order by 1, 4
      """;

  /** Follows everything that the tables depend on. */
  void ofTables(Collection<Long> tables) throws SQLException {
    follow(
        catalog.list(
            """
            with moved as (select unnest(?::bigint[])::oid as oid),
            object(classid, objid) as (
              select 'pg_class'::regclass, oid from moved
              union all select 'pg_class'::regclass, indexrelid from pg_index where indrelid in (select oid from moved)
              union all select 'pg_attrdef'::regclass, oid from pg_attrdef where adrelid in (select oid from moved)
              union all select 'pg_constraint'::regclass, oid from pg_constraint
                where conrelid in (select oid from moved) and (contype <> 'f' or confrelid in (select oid from moved))
              union all select 'pg_statistic_ext'::regclass, oid from pg_statistic_ext where stxrelid in (select oid from moved)
              union all select 'pg_trigger'::regclass, t.oid from pg_trigger t join pg_proc p on p.oid = t.tgfoid
                where t.tgrelid in (select oid from moved) and not t.tgisinternal
                  and p.pronamespace <> coalesce(to_regnamespace('ficus'), 0)
            )
            """
                + DEPENDENCIES,
            Dependency::read,
            tables),
        tables);
  }

  /** Follows what chosen columns of a table depend on: their types and collations only. */
  void ofColumns(long table, List<String> columns) throws SQLException {
    List<Dependency> found =
        catalog
            .list(
                """
                select distinct pg_describe_object(d.classid, d.objid, d.objsubid), d.refclassid::regclass::text,
                  d.refobjid::bigint, pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid), '', a.attname
                from pg_attribute a
                join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = a.attrelid and d.objsubid = a.attnum
                where a.attrelid = ? and a.attnum > 0 and d.deptype = 'n'
                order by 1, 4
                """,
                row ->
                    columns.contains(row.getString(6))
                        ? List.of(Dependency.read(row))
                        : List.<Dependency>of(),
                table)
            .stream()
            .flatMap(List::stream)
            .toList();
    follow(found, List.of(table));
  }

  private void follow(List<Dependency> found, Collection<Long> tables) throws SQLException {
    add(found, tables);
    while (!newFunctions.isEmpty() || !newTypes.isEmpty()) {
      while (!newFunctions.isEmpty()) {
        ofFunction(newFunctions.remove());
      }
      while (!newTypes.isEmpty()) {
        ofType(newTypes.remove());
      }
    }
  }

  private void add(List<Dependency> found, Collection<Long> tables) throws SQLException {
    for (Dependency dependency : found) {
      if (ColumnTypes.isCarriedExtension(dependency.extension())) {
        extensions.add(dependency.extension());
        continue;
      }
      switch (dependency.kind()) {
        case "pg_namespace", "pg_constraint", "pg_attrdef" -> {}
        case "pg_proc" -> {
          if (functions.add(dependency.oid())) {
            newFunctions.add(dependency.oid());
          }
        }
        case "pg_type" -> newTypes.add(dependency.oid());
        case "pg_class" -> relation(dependency, tables);
        case "pg_extension" ->
            refusals.add(
                dependency.who() + " belongs to " + dependency.what(),
                "Ficus does not carry extensions; replace it by something built in");
        default ->
            refusals.add(
                dependency.who() + " uses " + dependency.what(),
                "only types, sequences and functions in sql or plpgsql are carried; drop it or replace it");
      }
    }
  }

  private void relation(Dependency dependency, Collection<Long> tables) throws SQLException {
    if (tables.contains(dependency.oid())) {
      return;
    }
    String kind =
        catalog
            .one(
                """
                select case when c.relkind = 'S' then 'sequence'
                  when c.relkind in ('i', 'I') and x.indrelid = any (?::bigint[]::oid[]) then 'own index' else 'other' end
                from pg_class c left join pg_index x on x.indexrelid = c.oid where c.oid = ?
                """,
                row -> row.getString(1),
                tables,
                dependency.oid())
            .orElse("other");
    switch (kind) {
      case "sequence" -> sequences.add(dependency.oid());
      case "own index" -> {}
      default ->
          refusals.add(
              dependency.who() + " uses " + dependency.what(),
              "move both in one group, or end the dependency first");
    }
  }

  private void ofFunction(long function) throws SQLException {
    catalog.list(
        """
        select pg_describe_object('pg_proc'::regclass, p.oid, 0), l.lanname, p.prokind::text
        from pg_proc p join pg_language l on l.oid = p.prolang where p.oid = ?
        """,
        row -> {
          if (!List.of("sql", "plpgsql").contains(row.getString(2))
              || !row.getString(3).equals("f")) {
            refusals.add(
                row.getString(1) + " is written in " + row.getString(2),
                "only plain functions in sql or plpgsql are carried; replace it");
          }
          return function;
        },
        function);
    List<Dependency> found =
        catalog.list(
            "with object(classid, objid) as (select 'pg_proc'::regclass, ?::bigint::oid)"
                + DEPENDENCIES,
            Dependency::read,
            function);
    add(
        found.stream().filter(dependency -> !dependency.kind().equals("pg_language")).toList(),
        List.of());
  }

  private record Type(
      String name, boolean system, List<Long> parts, boolean created, long row, String extension) {}

  /** Parts are the element, the base, the attributes, the subtype, or a multirange's range. */
  private void ofType(long oid) throws SQLException {
    if (types.contains(oid)) {
      return;
    }
    Type type =
        catalog
            .one(
                """
                select format_type(t.oid, null), t.typnamespace in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace),
                  array(select p.oid::bigint from (
                    select e.oid, 0 as place from pg_type e where e.oid = t.typelem and e.typarray = t.oid
                    union all select t.typbasetype, 0 where t.typtype = 'd'
                    union all select a.atttypid, a.attnum from pg_attribute a
                      where a.attrelid = t.typrelid and t.typtype = 'c' and a.attnum > 0 and not a.attisdropped
                    union all select r.rngsubtype, 0 from pg_range r where r.rngtypid = t.oid
                    union all select r.rngtypid, 0 from pg_range r where r.rngmultitypid = t.oid) p order by p.place),
                  t.typtype in ('e', 'd', 'r') or t.typtype = 'c' and (select c.relkind = 'c' from pg_class c where c.oid = t.typrelid),
                  t.typrelid::bigint,
                  coalesce((select e.extname from pg_depend d join pg_extension e on e.oid = d.refobjid
                    where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e'), ''),
                  t.typtype = 'c'
                from pg_type t where t.oid = ?
                """,
                row ->
                    new Type(
                        row.getString(1),
                        row.getBoolean(2),
                        // The columns of a table whose row type is used are no parts to create.
                        row.getBoolean(7) && !row.getBoolean(4)
                            ? List.of()
                            : List.of((Long[]) row.getArray(3).getArray()),
                        row.getBoolean(4),
                        row.getLong(5),
                        row.getString(6)),
                oid)
            .orElseThrow();
    if (type.system()) {
      return;
    }
    if (ColumnTypes.isCarriedExtension(type.extension())) {
      extensions.add(type.extension());
    } else if (!type.extension().isEmpty()) {
      refusals.add(
          "type " + type.name() + " belongs to extension " + type.extension(),
          "Ficus does not carry that extension; change the column to a built-in type");
    } else if (!type.created() && type.parts().isEmpty()) {
      refusals.add(
          "type " + type.name() + " is a base type or the row type of a table",
          "change the column to a built-in type, an enum, a domain, a composite or a range");
    } else {
      for (long part : type.parts()) {
        ofType(part);
      }
      if (type.created() && types.add(oid)) {
        add(partsOf(oid, type.row()), List.of());
      }
    }
  }

  private List<Dependency> partsOf(long type, long row) throws SQLException {
    return catalog
        .list(
            """
            with object(classid, objid) as (
              select 'pg_type'::regclass, ?::bigint::oid
              union all select 'pg_class'::regclass, oid from pg_class where oid = ?::bigint::oid
              union all select 'pg_constraint'::regclass, oid from pg_constraint where contypid = ?::bigint::oid)
            """
                + DEPENDENCIES,
            Dependency::read,
            type,
            row,
            type)
        .stream()
        .map(Needs::inType)
        .toList();
  }

  /** Types are created before any function, so a domain's check or a range cannot call one. */
  private static Dependency inType(Dependency dependency) {
    return dependency.kind().equals("pg_proc")
        ? new Dependency(
            dependency.who(),
            "function",
            dependency.oid(),
            dependency.what(),
            dependency.extension())
        : dependency;
  }
}
