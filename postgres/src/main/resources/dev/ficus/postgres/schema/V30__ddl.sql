-- DDL on streamed tables: how the source tells of it in order, and what a target remembers of it.

/*
 Proves that a notice comes from the event triggers: whoever may connect may write a WAL message. Only Ficus's role reads it, and WAL only
 roles with REPLICATION.
*/
create table ficus.ddl_key (
    key text not null default gen_random_uuid()::text
);
insert into ficus.ddl_key default values;

/*
 The partitions of a table at every level; one that is being detached counts no more. "leaf" says that it holds rows itself; "alike" that
 it is sent as its root is: a change names its row by the identity of the partition, and the stream reads it by the root's.
*/
create function ficus.partitions(p_root oid) returns table (oid oid, leaf boolean, name text, alike boolean)
language sql stable set search_path = pg_catalog, pg_temp
as $$
    with recursive tree(oid) as (
        select p_root
        union all
        select i.inhrelid from tree t join pg_inherits i on i.inhparent = t.oid and not i.inhdetachpending
    )
    select c.oid, c.relkind <> 'p', n.nspname || '.' || c.relname,
        c.relkind = 'p' or (c.relkind = 'r' and c.relpersistence = 'p' and c.relreplident = r.relreplident
            and (c.relreplident <> 'i' or exists (
                select from pg_index x join pg_index y on y.indrelid = r.oid and y.indisreplident
                where x.indrelid = c.oid and x.indisreplident and pg_partition_root(x.indexrelid) = y.indexrelid)))
    from tree t join pg_class c on c.oid = t.oid join pg_namespace n on n.oid = c.relnamespace join pg_class r on r.oid = p_root
    where c.relispartition and c.oid <> p_root
$$;

/*
 What a stream compares, of a table as the catalog of this moment has it; null where there is none. Inside a command's event trigger that
 moment is the command itself. "identity" names the columns by which changes name their rows; it is null where old rows come whole.
 "missing" is the value that rows of before the column have without having been rewritten, which partitions keep for their root;
 "constant" says that the default's expression is immutable, so that it gives the same value anywhere and at any time.
*/
create function ficus.describe_table(p_table oid) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC' set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres' set extra_float_digits = 3 set bytea_output = 'hex' set lc_monetary = 'C'
as $$
    select jsonb_build_object(
        'oid', c.oid::bigint,
        'schema', n.nspname,
        'table', c.relname,
        'plain', c.relpersistence = 'p' and case c.relkind
            when 'r' then not exists (select from pg_inherits i where c.oid in (i.inhparent, i.inhrelid))
            when 'p' then not c.relispartition and not exists (select from ficus.partitions(c.oid) p where not p.alike)
            else false end,
        'partitions', case when c.relkind = 'p' then coalesce((
            select jsonb_agg(jsonb_build_object('oid', p.oid::bigint, 'name', p.name, 'leaf', p.leaf) order by p.name)
            from ficus.partitions(c.oid) p), '[]') else '[]' end,
        'identity', case when c.relreplident <> 'f' then coalesce((
            select jsonb_agg(a.attname order by k.ord)
            from pg_index i
            cross join unnest(i.indkey::int2[]) with ordinality k(attnum, ord)
            join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
            where i.indrelid = c.oid and i.indisvalid and k.ord <= i.indnkeyatts
              and case c.relreplident when 'd' then i.indisprimary when 'i' then i.indisreplident else false end), '[]') end,
        'columns', coalesce((
            select jsonb_agg(jsonb_build_object(
                'name', a.attname,
                'oid', a.atttypid::bigint,
                'modifier', a.atttypmod,
                'type', format_type(a.atttypid, a.atttypmod),
                'builtIn', t.typnamespace = 'pg_catalog'::regnamespace,
                'plain', a.attidentity = '' and (a.attcollation = t.typcollation),
                'notNull', a.attnotnull,
                'default', d.adbin is not null,
                'constant', d.adbin is null or not (d.adbin::text ~ '\{(SQLVALUEFUNCTION|NEXTVALUEEXPR) ' or exists (
                    select from regexp_matches(d.adbin::text, ':(funcid|opfuncid|opno|resulttype) (\d+)', 'g') m
                    join pg_proc p on p.provolatile <> 'i' and p.oid = case m[1]
                        when 'opno' then (select o.oprcode from pg_operator o where o.oid = m[2]::oid)
                        when 'resulttype' then (select i.typinput from pg_type i where i.oid = m[2]::oid)
                        else m[2]::oid end)),
                'missing', case when c.relkind = 'p' then (
                        select max((l.attmissingval::text::text[])[1]) from ficus.partitions(c.oid) p
                        join pg_attribute l on l.attrelid = p.oid and l.attname = a.attname)
                    else (a.attmissingval::text::text[])[1] end) order by a.attnum)
            from pg_attribute a join pg_type t on t.oid = a.atttypid
            left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''), '[]'))
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = p_table
$$;

/*
 Writes one notice, and a message without meaning behind it.

 The race that this closes:
 1. a transaction alters a table within a subtransaction (the event trigger's own, or a savepoint), and then writes the table outside of it;
 2. PostgreSQL merges a transaction's subtransactions by the LSNs of their changes. A message bears the LSN of its end, a row that of its
    beginning: where the row's record follows at once, both are equal, and the row may be sent first;
 3. the stream meets a row of the new shape before it has heard of it.
 With a record in between, the notice's LSN is below that of any row that comes after it.
*/
create function ficus.emit_notice(p_notice jsonb, p_command text) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    v_key text;
begin
    select k.key into v_key from ficus.ddl_key k;
    perform pg_logical_emit_message(true, 'ficus.ddl', (p_notice || jsonb_build_object(
        'key', v_key, 'command', p_command, 'transaction', pg_current_xact_id()::text))::text);
    perform pg_logical_emit_message(true, 'ficus', 'after a notice');
end
$$;

/*
 Those of a table's partitions that hold no row, for a command that may have made them its partitions: rows that came with one were never
 sent. An older snapshot does not see what others have committed since, so that nothing is known there.
*/
create function ficus.empty_partitions(p_root oid) returns bigint[]
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    v_partition oid;
    v_empty     bigint[] := '{}';
    v_is_empty  boolean;
begin
    if current_setting('transaction_isolation') in ('read committed', 'read uncommitted') then
        for v_partition in select p.oid from ficus.partitions(p_root) p where p.leaf loop
            execute format('select not exists (select from only %s)', v_partition::regclass) into v_is_empty;
            if v_is_empty then
                v_empty := v_empty || v_partition::bigint;
            end if;
        end loop;
    end if;
    return v_empty;
end
$$;

/*
 Has the slots look again which tables are sent, where partitions came or went.

 The race that this closes, before PostgreSQL 15:
 1. a table is written, and each walsender that reads this remembers that nothing sends it;
 2. it is attached to a partitioned table that a publication has;
 3. its rows are left out without a word for as long as that walsender lives; and the other way round, rows of a detached one are sent.
 From 15 on, a change of the table itself makes a walsender look again; before, only a change of a publication does. The lock is for two such
 commands at once, of which one would fail with "tuple concurrently updated".
*/
create function ficus.renew_publications(p_tables oid[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    v_publication name;
begin
    if current_setting('server_version_num')::int < 150000 then
        for v_publication in
            select distinct p.pubname from pg_publication_rel pr
            join pg_publication p on p.oid = pr.prpubid join pg_class c on c.oid = pr.prrelid
            where pr.prrelid = any (p_tables) and c.relkind = 'p' and p.pubname like 'ficus\_%' order by 1
        loop
            perform pg_advisory_xact_lock(1179206488);
            execute format('alter publication %I set (publish_via_partition_root = true)', v_publication);
        end loop;
    end if;
end
$$;

/*
 Notes that a partition is truncated by itself: the slot sends a TRUNCATE of a root, and says nothing of one of its partitions alone.
 Called by the fence's trigger before each TRUNCATE.

 How it tells them apart: a TRUNCATE of a root fires the triggers of the root first and then those of all its partitions, each once. So the
 root's leaves the partitions' OIDs behind, and each partition's takes its own away; one that is not there stands alone.
*/
create function ficus.note_truncate(p_table oid) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    v_root oid   := pg_partition_root(p_table);
    v_with oid[] := string_to_array(nullif(current_setting('ficus.truncated_with', true), ''), ' ')::oid[];
begin
    if v_root is null then
        return;
    elsif p_table = any (v_with) then
        v_with := array_remove(v_with, p_table);
    else
        if p_table <> v_root and exists (select from pg_publication_rel pr join pg_publication p on p.oid = pr.prpubid
                                         where pr.prrelid = v_root and p.pubname like 'ficus\_%') then
            perform ficus.emit_notice(ficus.describe_table(v_root) || jsonb_build_object('event', 'truncate', 'partition', (
                select p.name from ficus.partitions(v_root) p where p.oid = p_table)), 'TRUNCATE');
        end if;
        v_with := v_with || array(select p.oid from ficus.partitions(p_table) p);
    end if;
    perform set_config('ficus.truncated_with', array_to_string(v_with, ' '), true);
end
$$;

/*
 Notes, in the command's own transaction, what a command did to tables that Ficus's publications have: a WAL message, which the streams
 get in the order of commits, before the first row of the new shape. Called by the event triggers ficus_ddl_…, which exist where a
 superuser runs the streams, and only while there is a stream.

 It never makes the command fail: an error becomes a warning, and the stream falls back on what it sees of the table itself.
*/
create function ficus.note_ddl() returns event_trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_notice jsonb;
    v_tables oid[];
    v_made   bigint[] := '{}';
begin
    begin
        if tg_event = 'sql_drop' then
            for v_notice in
                select jsonb_build_object('event', 'drop', 'schema', o.address_names[1], 'table', o.address_names[2], 'publication', o.address_args[1])
                from pg_event_trigger_dropped_objects() o
                where o.object_type = 'publication relation' and o.address_args[1] like 'ficus\_%'
            loop
                perform ficus.emit_notice(v_notice, tg_tag);
            end loop;
            -- Nothing tells of a dropped table whose partition it was.
            if exists (select from pg_event_trigger_dropped_objects() o where o.object_type = 'table' and not o.is_temporary) then
                select array_agg(distinct pr.prrelid) into v_tables
                from pg_publication_rel pr join pg_publication p on p.oid = pr.prpubid join pg_class c on c.oid = pr.prrelid
                where p.pubname like 'ficus\_%' and c.relkind = 'p';
            end if;
        elsif tg_event = 'table_rewrite' then
            v_tables := array[coalesce(pg_partition_root(pg_event_trigger_table_rewrite_oid()), pg_event_trigger_table_rewrite_oid())];
        else
            with recursive commands as materialized (
                select c.classid, c.objid from pg_event_trigger_ddl_commands() c
            ), types as (
                select c.objid as oid from commands c where c.classid = 'pg_type'::regclass
                union
                -- A composite type is altered as the relation that it has.
                select t.oid from commands c join pg_type t on t.typrelid = c.objid
                where c.classid = 'pg_class'::regclass and exists (select from pg_class r where r.oid = c.objid and r.relkind = 'c')
                union
                select t.oid from types used
                join pg_type t on used.oid in (t.typelem, t.typbasetype)
                    or exists (select from pg_range r where used.oid in (r.rngsubtype, r.rngtypid) and t.oid in (r.rngtypid, r.rngmultitypid))
                    or exists (select from pg_attribute a join pg_class c on c.oid = a.attrelid and c.relkind = 'c'
                               where c.reltype = t.oid and a.atttypid = used.oid)
            )
            select array_agg(distinct s.prrelid) into v_tables
            from (select pr.prrelid from pg_publication_rel pr join pg_publication p on p.oid = pr.prpubid where p.pubname like 'ficus\_%') s
            join pg_class c on c.oid = s.prrelid
            where exists (select from commands m where (m.classid = 'pg_class'::regclass and c.oid in (m.objid, pg_partition_root(m.objid)))
                          or (m.classid = 'pg_namespace'::regclass and m.objid = c.relnamespace))
               or exists (select from types t join pg_attribute a on a.atttypid = t.oid
                          where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped);
            if tg_tag = 'ALTER TABLE' then
                perform ficus.renew_publications(v_tables);
            elsif tg_tag = 'CREATE TABLE' then
                select array_agg(c.objid::bigint) into v_made from pg_event_trigger_ddl_commands() c where c.classid = 'pg_class'::regclass;
            end if;
        end if;
        for v_notice in
            select ficus.describe_table(c.oid) || jsonb_build_object(
                'empty', to_jsonb(case when c.relkind = 'p' and tg_tag = 'ALTER TABLE' then ficus.empty_partitions(c.oid) else v_made end),
                'event', case when tg_event = 'table_rewrite' then 'rewrite' when tg_tag in ('ALTER TYPE', 'ALTER DOMAIN') then 'type' else 'alter' end)
            from unnest(v_tables) t(oid) join pg_class c on c.oid = t.oid
            where exists (select from pg_publication_rel pr join pg_publication p on p.oid = pr.prpubid
                          where pr.prrelid = c.oid and p.pubname like 'ficus\_%')
        loop
            perform ficus.emit_notice(v_notice, tg_tag);
        end loop;
    exception when others then
        raise warning 'ficus: % could not be noted for the streams: %', tg_tag, sqlerrm;
    end;
end
$$;

-- A streamed table of the source as the rows that come now were written, by its description there.
create table ficus.stream_shape (
    stream        text not null,
    source_schema text not null,
    source_table  text not null,
    shape         jsonb not null,
    structures    jsonb not null,
    accepted      pg_lsn not null default '0/0',
    primary key (stream, source_schema, source_table),
    foreign key (stream, source_schema, source_table) references ficus.stream_table on delete cascade
);
comment on column ficus.stream_shape.structures is 'what the types of its columns were made of then, by the columns'' names';
comment on column ficus.stream_shape.accepted is 'notices up to here are settled: an operator has accepted what they tell of';

-- Why a stream stands still: one row for each table that DDL in its source has changed.
create table ficus.stream_ddl (
    stream        text not null,
    source_schema text not null,
    source_table  text not null,
    lsn           pg_lsn not null,
    change        text not null,
    shape         jsonb,
    refusal       text,
    rewritten     boolean not null,
    noted_at      timestamptz not null default clock_timestamp(),
    primary key (stream, source_schema, source_table),
    foreign key (stream, source_schema, source_table) references ficus.stream_table on delete cascade
);
comment on column ficus.stream_ddl.shape is 'the table after the change; null where nothing is left that could be streamed';
comment on column ficus.stream_ddl.refusal is 'why the change cannot be accepted; null where it can';
