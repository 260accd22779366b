package dev.ficus.postgres.ddl;

import dev.ficus.core.TableName;
import dev.ficus.postgres.PostgresException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds what depends on tables from outside, as far as pg_depend knows: a function whose text names
 * a table is not found unless its body is SQL-standard.
 */
public final class Dependents {

  private Dependents() {}

  /**
   * Walks pg_depend upwards from the tables. A table, its type, its columns and its own sequences
   * count as one thing; so do a view and its rule. The depth orders the result so that dropping
   * from first to last never meets a dependent.
   */
  private static final String WALK =
      """
      with recursive moved as (select unnest(?::bigint[])::oid as oid),
      own(classid, objid) as (
        select 'pg_class'::regclass::oid, oid from moved
        union select d.classid, d.objid from moved m
          join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = m.oid and d.deptype in ('a', 'i')
          where not (d.classid = 'pg_constraint'::regclass and exists (
            select from pg_constraint k where k.oid = d.objid and k.conrelid not in (select oid from moved)))
          and not (d.classid = 'pg_publication_rel'::regclass)
        union select 'pg_class'::regclass::oid, x.indexrelid from pg_index x join moved m on x.indrelid = m.oid
        union select 'pg_constraint'::regclass::oid, k.oid from pg_constraint k join moved m on k.conrelid = m.oid
        union select 'pg_attrdef'::regclass::oid, a.oid from pg_attrdef a join moved m on a.adrelid = m.oid
        union select 'pg_trigger'::regclass::oid, t.oid from pg_trigger t join moved m on t.tgrelid = m.oid
        union select 'pg_type'::regclass::oid, t.oid from pg_type t join moved m on t.typrelid = m.oid
        union select 'pg_type'::regclass::oid, e.typarray from pg_type e join moved m on e.typrelid = m.oid
      ),
      walk(classid, objid, objsubid, depth) as (
        select classid, objid, 0, 0 from own
        union
        select case when v.oid is null then d.classid else 'pg_class'::regclass::oid end,
          coalesce(v.oid, d.objid),
          case when v.oid is null and tc.relkind in ('r', 'p') then d.objsubid else 0 end,
          w.depth + 1
        from walk w
        join pg_depend d on d.refclassid = w.classid and d.refobjid = w.objid and (w.objsubid = 0 or w.objsubid = d.refobjsubid)
        left join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
        left join pg_class v on v.oid = r.ev_class and v.relkind in ('v', 'm')
        left join pg_class tc on d.classid = 'pg_class'::regclass and tc.oid = d.objid
        where d.deptype in ('n', 'a', 'i')
          and w.depth < 64
          and not (v.oid is not null and w.classid = 'pg_class'::regclass and v.oid = w.objid)
          and (d.classid, d.objid) not in (select classid, objid from own)
      ),
      found as (
        select classid, objid, objsubid, max(depth) as depth from walk where depth > 0 group by 1, 2, 3
      )
      """;

  private static final String DESCRIBE =
      """
      select kind, name, sql from (
        select f.depth, case c.relkind when 'v' then 'VIEW' else 'MATERIALIZED_VIEW' end as kind, n.nspname || '.' || c.relname as name,
          format('drop %s %s', case c.relkind when 'v' then 'view' else 'materialized view' end, c.oid::regclass) as sql
        from found f join pg_class c on f.classid = 'pg_class'::regclass and c.oid = f.objid and f.objsubid = 0
        join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('v', 'm')
        union all
        select f.depth, 'COLUMN', n.nspname || '.' || c.relname || '.' || a.attname,
          format('alter table %s drop column %I', c.oid::regclass, a.attname)
        from found f join pg_class c on f.classid = 'pg_class'::regclass and c.oid = f.objid and f.objsubid > 0 and c.relkind in ('r', 'p')
        join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum = f.objsubid
        union all
        select f.depth, 'OTHER', n.nspname || '.' || c.relname, format('drop table %s', c.oid::regclass)
        from found f join pg_class c on f.classid = 'pg_class'::regclass and c.oid = f.objid and f.objsubid = 0
        join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p')
        union all
        select f.depth, case k.contype when 'f' then 'FOREIGN_KEY' else 'OTHER' end, n.nspname || '.' || c.relname || '.' || k.conname,
          format('alter table %s drop constraint %I', c.oid::regclass, k.conname)
        from found f join pg_constraint k on f.classid = 'pg_constraint'::regclass and k.oid = f.objid and k.conparentid = 0
        join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
        union all
        select f.depth, 'FUNCTION', n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
          format('drop %s %I.%I(%s)', case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end,
            n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))
        from found f join pg_proc p on f.classid = 'pg_proc'::regclass and p.oid = f.objid join pg_namespace n on n.oid = p.pronamespace
        union all
        select f.depth, 'RULE', n.nspname || '.' || c.relname || '.' || r.rulename, format('drop rule %I on %s', r.rulename, c.oid::regclass)
        from found f join pg_rewrite r on f.classid = 'pg_rewrite'::regclass and r.oid = f.objid
        join pg_class c on c.oid = r.ev_class join pg_namespace n on n.oid = c.relnamespace
        union all
        select f.depth, 'POLICY', n.nspname || '.' || c.relname || '.' || o.polname, format('drop policy %I on %s', o.polname, c.oid::regclass)
        from found f join pg_policy o on f.classid = 'pg_policy'::regclass and o.oid = f.objid
        join pg_class c on c.oid = o.polrelid join pg_namespace n on n.oid = c.relnamespace
        union all
        select f.depth, 'DEFAULT', n.nspname || '.' || c.relname || '.' || a.attname,
          format('alter table %s alter column %I drop %s', c.oid::regclass, a.attname, case when a.attgenerated = '' then 'default' else 'expression' end)
        from found f join pg_attrdef d on f.classid = 'pg_attrdef'::regclass and d.oid = f.objid
        join pg_class c on c.oid = d.adrelid join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = c.oid and a.attnum = d.adnum
        union all
        select f.depth, 'OTHER', n.nspname || '.' || c.relname || '.' || t.tgname, format('drop trigger %I on %s', t.tgname, c.oid::regclass)
        from found f join pg_trigger t on f.classid = 'pg_trigger'::regclass and t.oid = f.objid and not t.tgisinternal
        join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
        union all
        select f.depth, 'PUBLICATION', b.pubname::text, format('alter publication %I drop table %s', b.pubname, pr.prrelid::regclass)
        from found f join pg_publication_rel pr on f.classid = 'pg_publication_rel'::regclass and pr.oid = f.objid
        join pg_publication b on b.oid = pr.prpubid
        union all
        select f.depth, 'OTHER', pg_describe_object(f.classid, f.objid, 0), format('drop type %s', format_type(f.objid, null))
        from found f join pg_type t on f.classid = 'pg_type'::regclass and t.oid = f.objid and t.typtype = 'd'
        union all
        select f.depth, 'OTHER', n.nspname || '.' || c.relname, format('drop type %s', c.oid::regclass)
        from found f join pg_class c on f.classid = 'pg_class'::regclass and c.oid = f.objid and c.relkind = 'c'
        join pg_namespace n on n.oid = c.relnamespace
        union all
        select f.depth, 'OTHER', pg_describe_object(f.classid, f.objid, 0), '-- drop by hand: ' || pg_describe_object(f.classid, f.objid, 0)
        from found f where f.classid not in ('pg_class'::regclass, 'pg_constraint'::regclass, 'pg_proc'::regclass, 'pg_rewrite'::regclass,
          'pg_policy'::regclass, 'pg_attrdef'::regclass, 'pg_trigger'::regclass, 'pg_publication_rel'::regclass, 'pg_type'::regclass)
      ) d order by depth desc, kind, name, sql
      """;

  /**
   * Everything outside the tables that depends on them, in an order in which it can be dropped.
   *
   * @param tables the tables, under their present names
   */
  public static List<Dependent> of(Connection connection, List<TableName> tables) {
    try {
      Catalog catalog = new Catalog(connection);
      List<Dependent> all =
          catalog.list(
              WALK + DESCRIBE,
              row ->
                  new Dependent(
                      Dependent.Kind.valueOf(row.getString(1)), row.getString(2), row.getString(3)),
              catalog.withPartitions(tables));
      List<Dependent> distinct = new ArrayList<>();
      for (Dependent dependent : all) {
        if (!distinct.contains(dependent)) {
          distinct.add(dependent);
        }
      }
      return List.copyOf(distinct);
    } catch (SQLException e) {
      throw PostgresException.sql("reading what depends on " + tables, e);
    }
  }
}
