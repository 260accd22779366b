package dev.ficus.postgres.ddl;

import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
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
  private final Set<Long> types = new TreeSet<>();
  private final Set<Long> functions = new TreeSet<>();
  private final Set<Long> sequences = new TreeSet<>();
  private final Deque<Long> newFunctions = new ArrayDeque<>();
  private final Deque<Long> newTypes = new ArrayDeque<>();

  Needs(Catalog catalog, Refusals refusals) {
    this.catalog = catalog;
    this.refusals = refusals;
  }

  /** OIDs of enum types and domains. */
  Set<Long> types() {
    return types;
  }

  /** OIDs of functions. */
  Set<Long> functions() {
    return functions;
  }

  /** OIDs of sequences that defaults use, whoever owns them. */
  Set<Long> sequences() {
    return sequences;
  }

  private record Dependency(String who, String kind, long oid, String what) {}

  private static final String DEPENDENCIES =
      """
      select distinct pg_describe_object(o.classid, o.objid, 0), d.refclassid::regclass::text, d.refobjid::bigint,
        pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid)
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
            row ->
                new Dependency(
                    row.getString(1), row.getString(2), row.getLong(3), row.getString(4)),
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
                  d.refobjid::bigint, pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid), a.attname
                from pg_attribute a
                join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = a.attrelid and d.objsubid = a.attnum
                where a.attrelid = ? and a.attnum > 0 and d.deptype = 'n'
                order by 1, 4
                """,
                row ->
                    columns.contains(row.getString(5))
                        ? List.of(
                            new Dependency(
                                row.getString(1),
                                row.getString(2),
                                row.getLong(3),
                                row.getString(4)))
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
                "only enum types, domains, sequences and functions in sql or plpgsql are carried; drop it or replace it");
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
                  when c.relkind = 'i' and x.indrelid = any (?::bigint[]::oid[]) then 'own index' else 'other' end
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
            row ->
                new Dependency(
                    row.getString(1), row.getString(2), row.getLong(3), row.getString(4)),
            function);
    add(
        found.stream().filter(dependency -> !dependency.kind().equals("pg_language")).toList(),
        List.of());
  }

  private record Type(
      String name, String kind, boolean system, long element, long base, String extension) {}

  private void ofType(long oid) throws SQLException {
    Type type =
        catalog
            .one(
                """
                select format_type(t.oid, null), t.typtype::text, t.typnamespace = 'pg_catalog'::regnamespace,
                  case when t.typcategory = 'A' then t.typelem::bigint else 0 end, t.typbasetype::bigint,
                  coalesce((select e.extname from pg_depend d join pg_extension e on e.oid = d.refobjid
                    where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e'), '')
                from pg_type t where t.oid = ?
                """,
                row ->
                    new Type(
                        row.getString(1),
                        row.getString(2),
                        row.getBoolean(3),
                        row.getLong(4),
                        row.getLong(5),
                        row.getString(6)),
                oid)
            .orElseThrow();
    if (type.system()) {
      return;
    }
    if (!type.extension().isEmpty()) {
      refusals.add(
          "type " + type.name() + " belongs to extension " + type.extension(),
          "Ficus does not carry extensions; change the column to a built-in type");
    } else if (type.element() != 0) {
      ofType(type.element());
    } else if (type.kind().equals("e")) {
      types.add(oid);
    } else if (type.kind().equals("d")) {
      if (types.add(oid)) {
        ofType(type.base());
        add(
            catalog
                .list(
                    """
                    with object(classid, objid) as (
                      select 'pg_type'::regclass, ?::bigint::oid
                      union all select 'pg_constraint'::regclass, oid from pg_constraint where contypid = ?::bigint::oid)
                    """
                        + DEPENDENCIES,
                    row ->
                        new Dependency(
                            row.getString(1), row.getString(2), row.getLong(3), row.getString(4)),
                    oid,
                    oid)
                .stream()
                .map(Needs::inDomain)
                .toList(),
            List.of());
      }
    } else {
      refusals.add(
          "type " + type.name() + " is neither built in, nor an enum, nor a domain",
          "change the column to such a type");
    }
  }

  /** A domain's check is created before any function, so it cannot call one. */
  private static Dependency inDomain(Dependency dependency) {
    return dependency.kind().equals("pg_proc")
        ? new Dependency(dependency.who(), "function", dependency.oid(), dependency.what())
        : dependency;
  }
}
