package dev.ficus.postgres.ddl;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Writes what stands beside a table: indexes, statistics, triggers, replica identity, comments. */
final class TableExtrasDdl {

  private final Catalog catalog;

  TableExtrasDdl(Catalog catalog) {
    this.catalog = catalog;
  }

  /** Checks that existing rows need not satisfy: {@code create table} would call them valid. */
  List<String> unvalidatedChecks(long table) throws SQLException {
    return catalog.list(
        """
        select format('alter table %s add constraint %I %s;', conrelid::regclass, conname, pg_get_constraintdef(oid))
        from pg_constraint where conrelid = ? and contype = 'c' and not convalidated order by conname
        """,
        row -> row.getString(1), table);
  }

  List<String> indexes(long table) throws SQLException {
    List<String> statements =
        new ArrayList<>(
            catalog.list(
                """
                select pg_get_indexdef(x.indexrelid) || ';'
                from pg_index x join pg_class c on c.oid = x.indexrelid
                where x.indrelid = ? and not exists (select from pg_constraint k where k.conindid = x.indexrelid and k.conrelid = x.indrelid
                  and k.contype in ('p', 'u'))
                order by c.relname
                """,
                row -> row.getString(1),
                table));
    // pg_get_constraintdef leaves out the storage options of the index behind a key.
    statements.addAll(
        catalog.list(
            """
            select format('alter index %s set (%s);', k.conindid::regclass,
              string_agg(quote_ident(o.option_name) || ' = ' || quote_literal(o.option_value), ', '))
            from pg_constraint k join pg_class c on c.oid = k.conindid cross join lateral pg_options_to_table(c.reloptions) o
            where k.conrelid = ? and k.contype in ('p', 'u') group by k.conindid order by 1
            """,
            row -> row.getString(1), table));
    statements.addAll(
        catalog.list(
            "select pg_get_statisticsobjdef(oid) || ';' from pg_statistic_ext where stxrelid = ? order by stxname",
            row -> row.getString(1),
            table));
    return statements;
  }

  /** What columns are told about their storage and statistics, where it is not the default. */
  List<String> columnSettings(long table) throws SQLException {
    return catalog.list(
        """
        select format('alter table %s alter column %I %s;', a.attrelid::regclass, a.attname, v.setting)
        from pg_attribute a join pg_type t on t.oid = a.atttypid
        cross join lateral (values
          (1, case when coalesce(a.attstattarget, -1) >= 0 then 'set statistics ' || a.attstattarget end),
          (2, case when a.attstorage <> t.typstorage then 'set storage ' || case a.attstorage
            when 'p' then 'plain' when 'e' then 'external' when 'm' then 'main' else 'extended' end end),
          (3, case a.attcompression when 'p' then 'set compression pglz' when 'l' then 'set compression lz4' end),
          (4, (select 'set (' || string_agg(quote_ident(o.option_name) || ' = ' || quote_literal(o.option_value), ', ') || ')'
                 from pg_options_to_table(a.attoptions) o))
        ) v(place, setting)
        where a.attrelid = ? and a.attnum > 0 and not a.attisdropped and v.setting is not null
        order by a.attnum, v.place
        """,
        row -> row.getString(1), table);
  }

  /** Replica identity other than the primary key: the way back streams from this table. */
  List<String> replicaIdentity(long table) throws SQLException {
    return catalog.list(
        """
        select case c.relreplident when 'f' then format('alter table %s replica identity full;', c.oid::regclass)
          else (select format('alter table %s replica identity using index %I;', c.oid::regclass, i.relname)
                from pg_index x join pg_class i on i.oid = x.indexrelid where x.indrelid = c.oid and x.indisreplident) end
        from pg_class c where c.oid = ? and (c.relreplident = 'f'
          or c.relreplident = 'i' and exists (select from pg_index x where x.indrelid = c.oid and x.indisreplident))
        """,
        row -> row.getString(1), table);
  }

  List<String> triggers(long table) throws SQLException {
    List<String> statements = new ArrayList<>();
    catalog.list(
        """
        select pg_get_triggerdef(t.oid) || ';',
          case t.tgenabled when 'D' then format('alter table %s disable trigger %I;', t.tgrelid::regclass, t.tgname)
            when 'R' then format('alter table %s enable replica trigger %I;', t.tgrelid::regclass, t.tgname)
            when 'A' then format('alter table %s enable always trigger %I;', t.tgrelid::regclass, t.tgname) else '' end
        from pg_trigger t join pg_proc p on p.oid = t.tgfoid
        where t.tgrelid = ? and not t.tgisinternal and t.tgparentid = 0 and p.pronamespace <> coalesce(to_regnamespace('ficus'), 0)
        order by t.tgname
        """,
        row -> {
          statements.add(row.getString(1));
          if (!row.getString(2).isEmpty()) {
            statements.add(row.getString(2));
          }
          return statements;
        },
        table);
    return statements;
  }

  /** Which of its root's triggers a partition has in another state. */
  List<String> triggerStates(long partition) throws SQLException {
    return catalog.list(
        """
        select format('alter table %s %s trigger %I;', t.tgrelid::regclass, case t.tgenabled when 'D' then 'disable'
          when 'R' then 'enable replica' when 'A' then 'enable always' else 'enable' end, t.tgname)
        from pg_trigger t join pg_trigger r on r.oid = t.tgparentid join pg_proc p on p.oid = t.tgfoid
        where t.tgrelid = ? and t.tgenabled <> r.tgenabled and not r.tgisinternal and p.pronamespace <> coalesce(to_regnamespace('ficus'), 0)
        order by t.tgname
        """,
        row -> row.getString(1), partition);
  }

  List<String> comments(long table) throws SQLException {
    return catalog.list(
        """
        select format('comment on %s is %L;', what, description) from (
          select 1 as place, a.attnum::int as ord, '' as name, case when a.attname is null then format('table %s', d.objoid::regclass)
              else format('column %s.%I', d.objoid::regclass, a.attname) end as what, d.description
            from pg_description d left join pg_attribute a on a.attrelid = d.objoid and a.attnum = d.objsubid and d.objsubid > 0
            where d.classoid = 'pg_class'::regclass and d.objoid = ?
          union all
          select 2, 0, c.conname, format('constraint %I on %s', c.conname, c.conrelid::regclass), d.description
            from pg_constraint c join pg_description d on d.classoid = 'pg_constraint'::regclass and d.objoid = c.oid
            where c.conrelid = ? and c.contype in ('p', 'u', 'c')
          union all
          select 3, 0, x.indexrelid::regclass::text, format('index %s', x.indexrelid::regclass), d.description
            from pg_index x join pg_description d on d.classoid = 'pg_class'::regclass and d.objoid = x.indexrelid
            where x.indrelid = ?
          union all
          select 4, 0, t.tgname, format('trigger %I on %s', t.tgname, t.tgrelid::regclass), d.description
            from pg_trigger t join pg_description d on d.classoid = 'pg_trigger'::regclass and d.objoid = t.oid
            join pg_proc p on p.oid = t.tgfoid
            where t.tgrelid = ? and not t.tgisinternal and t.tgparentid = 0 and p.pronamespace <> coalesce(to_regnamespace('ficus'), 0)
        ) c order by place, coalesce(ord, 0), name
        """,
        row -> row.getString(1), table, table, table, table);
  }

  /** Foreign keys among the tables. */
  List<String> foreignKeysWithin(Collection<Long> tables) throws SQLException {
    return catalog.list(
        """
        select format('alter table %s add constraint %I %s;', conrelid::regclass, conname, pg_get_constraintdef(oid))
        from pg_constraint
        where contype = 'f' and conparentid = 0 and conrelid = any (?::bigint[]::oid[]) and confrelid = any (?::bigint[]::oid[])
        order by 1
        """,
        row -> row.getString(1), tables, tables);
  }
}
