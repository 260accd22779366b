package dev.ficus.postgres.ddl;

import dev.ficus.testkit.TestDatabase;
import java.util.ArrayList;
import java.util.List;

/**
 * Everything that a database's catalog says about user objects, as comparable lines without OIDs.
 *
 * <p>It shares no query with the generator: it reads the raw catalog columns rather than asking for
 * statements.
 */
final class CatalogListing {

  private static final String USER =
      " not in ('pg_catalog', 'information_schema', 'pg_toast', 'ficus') ";

  private static final List<String> QUERIES =
      List.of(
          "select format('schema %s', nspname) from pg_namespace where nspname " + USER,
          """
          select format('relation %s.%s kind %s persistence %s identity %s options %s comment %s partition of %s %s by %s', n.nspname, c.relname, c.relkind,
            c.relpersistence, c.relreplident, c.reloptions, obj_description(c.oid, 'pg_class'),
            (select i.inhparent::regclass from pg_inherits i where i.inhrelid = c.oid), pg_get_expr(c.relpartbound, c.oid), pg_get_partkeydef(c.oid))
          from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname
          """
              + USER,
          """
          select format('column %s.%s #%s %s type %s mod %s notnull %s identity %s generated %s collation %s default %s comment %s settings %s %s %s %s',
            n.nspname, c.relname, row_number() over (partition by c.oid order by a.attnum), a.attname, a.atttypid::regtype, a.atttypmod,
            a.attnotnull, a.attidentity, a.attgenerated, a.attcollation::regcollation, pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum),
            nullif(a.attstattarget, -1), a.attstorage, a.attcompression, a.attoptions)
          from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
          left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
          where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'c') and n.nspname
          """
              + USER,
          """
          select format('constraint %s.%s %s on %s/%s def %s valid %s deferrable %s %s noinherit %s index %s comment %s', n.nspname,
            -- A partition's "not null" is named after its root or itself, by how it was made.
            case when k.contype <> 'n' or not exists (select from pg_class c where c.oid = k.conrelid and c.relispartition) then k.conname end, k.contype,
            k.conrelid::regclass, k.contypid::regtype, pg_get_constraintdef(k.oid), k.convalidated, k.condeferrable, k.condeferred,
            -- Of a key it says no more than how its partition was made.
            k.contype not in ('p', 'u') and k.connoinherit,
            k.conindid::regclass, obj_description(k.oid, 'pg_constraint'))
          from pg_constraint k join pg_namespace n on n.oid = k.connamespace where n.nspname
          """
              + USER,
          """
          select format('index %s on %s unique %s primary %s def %s predicate %s classes %s', x.indexrelid::regclass, x.indrelid::regclass,
            x.indisunique, x.indisprimary, pg_get_indexdef(x.indexrelid), pg_get_expr(x.indpred, x.indrelid),
            (select string_agg(o.opcname, ',' order by u.ord) from unnest(x.indclass::oid[]) with ordinality u(oid, ord) join pg_opclass o on o.oid = u.oid))
          from pg_index x join pg_class c on c.oid = x.indrelid join pg_namespace n on n.oid = c.relnamespace where n.nspname
          """
              + USER,
          """
          select format('sequence %s type %s start %s by %s min %s max %s cache %s cycle %s owner %s', s.seqrelid::regclass, s.seqtypid::regtype,
            s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
            (select format('%s.%s %s', d.refobjid::regclass, a.attname, d.deptype) from pg_depend d join pg_attribute a on a.attrelid = d.refobjid
             and a.attnum = d.refobjsubid where d.objid = s.seqrelid and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0))
          from pg_sequence s
          """,
          """
          select format('type %s.%s kind %s base %s mod %s notnull %s default %s collation %s labels %s comment %s', n.nspname, t.typname, t.typtype,
            t.typbasetype::regtype, t.typtypmod, t.typnotnull, t.typdefault, t.typcollation::regcollation,
            (select array_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid), obj_description(t.oid, 'pg_type'))
          from pg_type t join pg_namespace n on n.oid = t.typnamespace where t.typtype in ('e', 'd', 'c', 'r', 'm') and n.nspname
          """
              + USER,
          """
          select format('function %s owner-independent %s comment %s', p.oid::regprocedure, pg_get_functiondef(p.oid), obj_description(p.oid, 'pg_proc'))
          from pg_proc p join pg_namespace n on n.oid = p.pronamespace where p.prokind <> 'a' and n.nspname
          """
              + USER,
          """
          select format('trigger %s on %s enabled %s type %s deferrable %s def %s comment %s', t.tgname, t.tgrelid::regclass, t.tgenabled, t.tgtype,
            t.tgdeferrable, pg_get_triggerdef(t.oid), obj_description(t.oid, 'pg_trigger'))
          from pg_trigger t where not t.tgisinternal and t.tgname not like 'ficus%'
          """,
          """
          select format('range %s of %s multirange %s collation %s class %s canonical %s difference %s', r.rngtypid::regtype, r.rngsubtype::regtype,
            r.rngmultitypid::regtype, r.rngcollation::regcollation, (select o.opcname from pg_opclass o where o.oid = r.rngsubopc), r.rngcanonical, r.rngsubdiff)
          from pg_range r
          """,
          "select format('extension %s in %s', extname, extnamespace::regnamespace) from pg_extension",
          "select format('statistics %s', pg_get_statisticsobjdef(oid)) from pg_statistic_ext");

  private CatalogListing() {}

  static List<String> of(TestDatabase database) {
    List<String> lines = new ArrayList<>();
    for (String query : QUERIES) {
      lines.addAll(database.query(query));
    }
    return lines.stream().sorted().toList();
  }
}
