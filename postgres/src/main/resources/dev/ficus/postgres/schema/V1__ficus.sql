-- What Ficus keeps inside the shared database and inside every service database.
-- Flyway runs this with the schema "ficus" as its default; names are qualified all the same.

-- One row a group: lets the group's writes in or keeps them out (rules R12 and R10).
create table ficus.fence (
    group_name text primary key,
    state      text not null check (state in ('open', 'dual', 'closed', 'sealed')),
    epoch      bigint not null check (epoch >= 1),
    changed_at timestamptz not null default clock_timestamp()
);
comment on column ficus.fence.state is
    'open: the group''s writes come in; dual: guarded dual writes of this epoch only; closed: none, until the flip ends; sealed: none, for good';

-- What the services' libraries obey.
create table ficus.route (
    group_name        text primary key,
    version           bigint not null check (version >= 1),
    phase             text not null,
    epoch             bigint not null check (epoch >= 1),
    read_percentage   int not null check (read_percentage between 0 and 100),
    shadow_percentage int not null check (shadow_percentage between 0 and 100),
    kill_switch       boolean not null,
    published_at      timestamptz not null default clock_timestamp()
);

-- One row for every running instance of a service and each of its groups: acknowledged route version and counters since its start.
create table ficus.instance (
    instance_id       text not null,
    service           text not null,
    group_name        text not null,
    route_version     bigint not null,
    reads_shared      bigint not null default 0,
    reads_service     bigint not null default 0,
    reads_fallen_back bigint not null default 0,
    shadow_compared   bigint not null default 0,
    shadow_mismatches bigint not null default 0,
    shadow_unresolved bigint not null default 0,
    dual_writes       bigint not null default 0,
    dual_writes_left  bigint not null default 0,
    fence_waits       bigint not null default 0,
    fence_wait_max_ms bigint not null default 0,
    seen_at           timestamptz not null default clock_timestamp(),
    primary key (instance_id, group_name)
);
comment on column ficus.instance.dual_writes_left is 'dual writes left to the stream: dropped, late, refused or too large (rule R1 allows it)';

-- One row a stream that ends in this database. Its row is its lease, its position and its control (rules R3 to R6).
create table ficus.stream (
    name            text primary key,
    group_name      text not null,
    direction       text not null check (direction in ('FORWARD', 'REVERSE', 'REFERENCE')),
    source          text not null,
    epoch           bigint not null check (epoch >= 1),
    slot            text not null,
    publication     text not null,
    copy            boolean not null,
    guarded         boolean not null default false,
    via             text not null default 'DIRECT' check (via in ('DIRECT', 'KAFKA')),
    state           text not null check (state in ('REQUESTED', 'COPYING', 'STREAMING', 'STOPPED', 'FAILED')),
    source_system   text,
    source_timeline int,
    position        pg_lsn not null default '0/0',
    position_at     timestamptz,
    lag_millis      bigint,
    rows_copied     bigint not null default 0,
    rows_estimated  bigint,
    transactions    bigint not null default 0,
    changes         bigint not null default 0,
    failure         text,
    advice          text,
    failed_from     text,
    changed_at      timestamptz not null default clock_timestamp()
);
comment on column ficus.stream.failed_from is 'the state that a failed stream was in, and goes on from when it is tried again';
comment on column ficus.stream.source is 'the manifest''s name of the source database: "shared", or a service';
comment on column ficus.stream.position is 'every source transaction that committed at or before it is applied here';

create table ficus.stream_table (
    stream        text not null references ficus.stream on delete cascade,
    source_schema text not null,
    source_table  text not null,
    target_schema text not null,
    target_table  text not null,
    columns       text[] not null,
    key_columns   text[] not null,
    primary key (stream, source_schema, source_table)
);

-- How a stream makes rows of its target, where it does not carry rows as they are.
create table ficus.stream_mapping (
    stream          text not null,
    source_schema   text not null,
    source_table    text not null,
    names           text[] not null,
    sources         text[] not null,
    types           text[] not null,
    expressions     text[] not null,
    target_key      text[] not null,
    filter          text,
    ignored         text[] not null,
    kept            text[] not null,
    compared_source text[] not null,
    compared_target text[] not null,
    answered_for    text,
    collated        boolean not null,
    primary key (stream, source_schema, source_table),
    foreign key (stream, source_schema, source_table) references ficus.stream_table on delete cascade
);
comment on column ficus.stream_mapping.sources is 'the source column that a column of names takes as it is; null where its expression makes it';

-- The topic of a stream that travels over Kafka, and how far it is read: moved by the very commit that moves the position.
create table ficus.stream_topic (
    topic       text primary key,
    stream      text not null,
    topic_id    text,
    next_offset bigint not null default 0,
    ended       boolean not null default false
);
create unique index stream_topic_stream on ficus.stream_topic (stream) where not ended;
comment on column ficus.stream_topic.topic_id is 'Kafka''s own id: a topic that was made anew under the name has another';
comment on column ficus.stream_topic.ended is 'its stream is gone: a relay removes the topic, then this row';

-- Which version of a dual-written row this database holds (rule R10).
create table ficus.guard (
    group_name text not null,
    table_name text not null,
    row_key    text not null,
    epoch      bigint not null,
    lsn        pg_lsn not null,
    deleted    boolean not null,
    primary key (group_name, table_name, row_key)
) with (fillfactor = 70);
comment on column ficus.guard.row_key is 'jsonb_build_array of the primary key''s columns, as text, in key order';
create index guard_lsn on ficus.guard (group_name, epoch, lsn);

-- The lock that a group's writers share and that moving its fence takes alone.
create function ficus.fence_key(p_group text) returns int
language sql immutable strict parallel safe
return pg_catalog.hashtext('ficus.fence.' || p_group);

/*
 The fence trigger: before every statement that writes one of the group's tables, or one of its partitions; before each row in a partition
 that was made since the triggers were.

 The race it closes:
 1. a writer's transaction begins and reads that the fence is open;
 2. the flip closes the fence, waits for the stream, and opens the other side;
 3. the writer writes and commits here: a fork.
 The shared advisory lock is held to the writer's end, so 2 waits for 3 or 3 sees 2. Below REPEATABLE READ each statement
 in this function has a new snapshot and sees the closed fence once the lock is granted. From REPEATABLE READ on the snapshot
 may be older than the closing; FOR SHARE on a row changed since then fails with 40001.
*/
create function ficus.check_fence() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_state text;
    v_epoch bigint;
begin
    perform pg_advisory_xact_lock_shared(1179206485, ficus.fence_key(tg_argv[0]));
    if current_setting('transaction_isolation') in ('read committed', 'read uncommitted') then
        select f.state, f.epoch into v_state, v_epoch from ficus.fence f where f.group_name = tg_argv[0];
    else
        select f.state, f.epoch into v_state, v_epoch from ficus.fence f where f.group_name = tg_argv[0] for share;
    end if;
    if v_state = 'open' then
        if tg_op = 'TRUNCATE' then
            perform ficus.note_truncate(tg_relid);
        end if;
        -- Before a row, null would leave it out.
        if tg_level = 'STATEMENT' then
            return null;
        elsif tg_op = 'DELETE' then
            return old;
        end if;
        return new;
    end if;
    raise exception using
        errcode = 'FI001',
        constraint = tg_argv[0],
        message = format('ficus: %s on %I.%I refused: the fence of group %s is %s in this database (epoch %s)',
                         tg_op, tg_table_schema, tg_table_name, tg_argv[0], coalesce(v_state, 'missing'), coalesce(v_epoch, 0)),
        hint = 'Write through the Ficus starter, which retries on the side that accepts writes; "ficus status" says which one that is.';
end
$$;

/*
 The capture triggers: after each statement of a transaction that dual-writes, note the keys it touched (rule R9).
 Arguments: the key columns in key order. The triggers fire only where the service's library has set ficus.capture to the group; the
 note is the transaction-local setting ficus.touched, one JSON array a line: [schema, table, [keys…]]. A savepoint rolled back takes
 its notes with it. Past 64 KiB the note becomes "overflow": the transaction is left to the stream, which rule R1 allows.
*/
create function ficus.note_touched(p_schema name, p_table name, p_keys jsonb) returns void
language plpgsql
as $$
declare
    v_noted text := coalesce(pg_catalog.current_setting('ficus.touched', true), '');
begin
    if p_keys is null or v_noted = 'overflow' then
        return;
    end if;
    v_noted := v_noted || pg_catalog.jsonb_build_array(p_schema, p_table, p_keys)::text || E'\n';
    if pg_catalog.octet_length(v_noted) > 65536 then
        v_noted := 'overflow';
    end if;
    perform pg_catalog.set_config('ficus.touched', v_noted, true);
end
$$;

-- The key's text must be the same in every session: a session's time zone and form of bytea would change it.
create function ficus.capture() returns trigger
language plpgsql set timezone = 'UTC' set bytea_output = 'hex'
as $$
declare
    v_key  text;
    v_from text;
    v_keys jsonb;
begin
    if tg_op = 'TRUNCATE' then
        perform pg_catalog.set_config('ficus.touched', 'overflow', true);
        return null;
    end if;
    select pg_catalog.string_agg(pg_catalog.quote_ident(a.k), ', ' order by a.ord) into v_key
    from pg_catalog.unnest(tg_argv) with ordinality a(k, ord);
    v_from := case tg_op
        when 'INSERT' then 'select ' || v_key || ' from new_rows'
        when 'DELETE' then 'select ' || v_key || ' from old_rows'
        -- A changed key leaves the old one behind: both are touched.
        else 'select ' || v_key || ' from new_rows union select ' || v_key || ' from old_rows'
    end;
    execute 'select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(' || v_key || ')) from (' || v_from || ' limit 2001) t' into v_keys;
    if pg_catalog.jsonb_array_length(v_keys) > 2000 then
        perform pg_catalog.set_config('ficus.touched', 'overflow', true);
    else
        perform ficus.note_touched(tg_table_schema, tg_table_name, v_keys);
    end if;
    return null;
end
$$;

/*
 Writes row images of one committed source transaction under guard (rule R10). Returns how many rows were written; the rest were
 already newer here. Images are the text form of the table's row type, keys are row_key texts; a null image deletes.

 The races it closes:
 1. The flip closes this side while a paused client still holds an image: the shared lock and the fence row, which must be "dual" and bear
    the client's epoch, refuse it.
 2. A later change of the same row has been streamed already. Either its guard row is still here and newer; or it was purged,
    which happens only at or below the position, and then the guard LSN is at or below the position as well. The position is read
    after the guard row is held: the stream takes the same guard row before it writes the row.
 Both need a snapshot that is younger than the lock it follows, as each statement here has it below REPEATABLE READ only. An older one
 shows neither the guard row that was purged nor the position that was moved since, and would bring back a row that is deleted.
 Runs as its owner with session_replication_role = replica: the row is an image, so triggers and foreign keys must not change or refuse it.
 Where the owner may not set that, the function has no such setting (see below it), and:
 1. it passes the group's fence by ficus.applying, which the fence heeds only from its owner's own code;
 2. foreign keys act. A row that refers to one which is not here yet is refused with 23503, and left to the stream like any failed dual write;
 3. a delete whose foreign keys would change other rows is refused as a whole: those rows have no guard, and the stream may be about to
    move them away.
 The other settings are those under which the image's text was written: whatever the session has, each value is taken in as it was.
*/
create function ficus.dual_write(
    p_group text, p_epoch bigint, p_schema text, p_table text, p_lsn pg_lsn, p_keys text[], p_images text[])
returns int
language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres' set lc_monetary = 'C' set array_nulls = on set xmloption = 'content'
as $$
declare
    v_state    text;
    v_epoch    bigint;
    v_table    text := format('%I.%I', p_schema, p_table);
    v_keys     text[];
    v_position pg_lsn;
    v_columns  text;
    v_images   text;
    v_updates  text;
    v_key      text;
    v_match    text;
    v_written  int := 0;
    v_guarded  boolean;
    v_alive    int[] := '{}';
    i          int;
begin
    if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
        raise exception using
            errcode = 'FI002',
            message = format('ficus: dual write on %s refused: its transaction is %s', v_table, current_setting('transaction_isolation')),
            hint = 'Begin it with isolation level read committed.';
    end if;
    perform pg_advisory_xact_lock_shared(1179206485, ficus.fence_key(p_group));
    select f.state, f.epoch into v_state, v_epoch from ficus.fence f where f.group_name = p_group for share;
    if v_state is distinct from 'dual' or v_epoch is distinct from p_epoch then
        raise exception using
            errcode = 'FI002',
            message = format('ficus: dual write on %s refused: the fence of group %s is %s at epoch %s, the write bears epoch %s',
                             v_table, p_group, coalesce(v_state, 'missing'), coalesce(v_epoch, 0), p_epoch);
    end if;
    select coalesce(m.target_key, t.key_columns) into v_keys from ficus.stream s join ficus.stream_table t on t.stream = s.name
    left join ficus.stream_mapping m on (m.stream, m.source_schema, m.source_table) = (t.stream, t.source_schema, t.source_table)
    where s.group_name = p_group and s.direction = 'FORWARD' and s.state = 'STREAMING' and s.guarded
      and t.target_schema = p_schema and t.target_table = p_table;
    if v_keys is null then
        raise exception using
            errcode = 'FI002',
            message = format('ficus: dual write on %s refused: no guarded stream of group %s writes this table', v_table, p_group);
    end if;

    if not (has_table_privilege(session_user, v_table, 'INSERT') and has_table_privilege(session_user, v_table, 'UPDATE')
            and has_table_privilege(session_user, v_table, 'DELETE')) then
        raise insufficient_privilege using message = format('ficus: dual write on %s refused: role %s may not insert, update and delete there', v_table, session_user);
    end if;

    if current_setting('session_replication_role') <> 'replica' then
        if array_position(p_images, null) is not null
                and exists (select from pg_constraint c where c.confrelid = v_table::regclass and c.contype = 'f' and c.confdeltype in ('c', 'n', 'd')) then
            raise exception using
                errcode = 'FI002',
                message = format('ficus: a dual-written delete on %s is left to the stream: a foreign key would change other rows with it', v_table);
        end if;
        perform set_config('ficus.applying', 'on', true);
        set constraints all deferred;
    end if;

    select string_agg(quote_ident(a.attname), ', ' order by a.attnum) filter (where a.attgenerated = ''),
           string_agg(format('(r.image).%I', a.attname), ', ' order by a.attnum) filter (where a.attgenerated = ''),
           string_agg(format('%1$I = excluded.%1$I', a.attname), ', ' order by a.attnum)
               filter (where a.attgenerated = '' and a.attname <> all (v_keys)),
           string_agg(quote_ident(a.attname), ', ' order by array_position(v_keys, a.attname::text)) filter (where a.attname = any (v_keys)),
           string_agg(format('t.%I = (($1::jsonb) ->> %s)::%s', a.attname, array_position(v_keys, a.attname::text) - 1,
                             format_type(a.atttypid, a.atttypmod)), ' and ')
               filter (where a.attname = any (v_keys))
    into v_columns, v_images, v_updates, v_key, v_match
    from pg_attribute a
    where a.attrelid = v_table::regclass and a.attnum > 0 and not a.attisdropped;

    for i in 1 .. coalesce(array_length(p_keys, 1), 0) loop
        insert into ficus.guard as g (group_name, table_name, row_key, epoch, lsn, deleted)
        values (p_group, p_schema || '.' || p_table, p_keys[i], p_epoch, p_lsn, p_images[i] is null)
        on conflict (group_name, table_name, row_key) do update
            set epoch = excluded.epoch, lsn = excluded.lsn, deleted = excluded.deleted
            where (g.epoch, g.lsn) < (excluded.epoch, excluded.lsn)
        returning true into v_guarded;
        continue when v_guarded is null;
        select max(s.position) into v_position from ficus.stream s
        where s.group_name = p_group and s.direction = 'FORWARD' and s.epoch = p_epoch;
        continue when p_lsn <= v_position;
        v_written := v_written + 1;
        if p_images[i] is null then
            execute format('delete from %s t where %s', v_table, v_match) using p_keys[i];
        else
            v_alive := v_alive || i;
        end if;
    end loop;
    -- Only now: a row under a new key has the unique values of the one that it was under the old key.
    foreach i in array v_alive loop
        execute format('insert into %s as t (%s) overriding system value select %s from (select $1::%s as image) r on conflict (%s) do %s',
                       v_table, v_columns, v_images, v_table, v_key,
                       case when v_updates is null then 'nothing' else 'update set ' || v_updates end)
        using p_images[i];
    end loop;
    if current_setting('ficus.applying', true) = 'on' then
        perform set_config('ficus.applying', '', true);
    end if;
    return v_written;
end
$$;

-- Needs a superuser, or from PostgreSQL 15 on GRANT SET ON PARAMETER; managed servers have ways of their own, so it is tried.
do $$
begin
    alter function ficus.dual_write(text, bigint, text, text, pg_lsn, text[], text[]) set session_replication_role = replica;
exception when insufficient_privilege then
    raise notice 'ficus: role % may not set session_replication_role; foreign keys act on dual writes here', current_user;
end
$$;

-- Writers of a group run the triggers; libraries read routes and acknowledge them.
grant usage on schema ficus to public;
grant select on ficus.fence, ficus.route, ficus.stream, ficus.stream_table, ficus.stream_mapping to public;
grant select, insert, update on ficus.instance to public;

-- What a backfill notes here: chunk ledger, progress, throttle, and the definitions that it took off the tables for a while.

-- One row a copied chunk, committed together with the chunk's rows.
create table ficus.chunk (
    stream           text not null references ficus.stream on delete cascade,
    consistent_point pg_lsn not null,
    source_schema    text not null,
    source_table     text not null,
    number           int not null,
    row_count        bigint not null default 0,
    copied_at        timestamptz not null default clock_timestamp(),
    primary key (stream, consistent_point, source_schema, source_table, number)
);
comment on column ficus.chunk.consistent_point is 'the copy that the chunk belongs to: a later one begins at a later point and repeats everything';

-- How far a copy is. Apart from ficus.stream, whose row the copy's transactions and the control plane lock.
create table ficus.copy_progress (
    stream          text primary key references ficus.stream on delete cascade,
    began_at        timestamptz not null default clock_timestamp(),
    bytes_estimated bigint not null,
    bytes_copied    bigint not null default 0,
    rows_per_second bigint,
    bytes_per_second bigint,
    indexes         int not null default 0,
    indexes_built   int not null default 0,
    paused          text,
    changed_at      timestamptz not null default clock_timestamp()
);
comment on column ficus.copy_progress.bytes_copied is 'bytes on the source''s disk that the finished chunks stand for';
comment on column ficus.copy_progress.paused is 'why the copy waits; null while it runs';

-- How fast a group may be copied; a relay reads it again every second. Null: as fast as it can.
create table ficus.throttle (
    group_name             text primary key,
    rows_per_second        bigint check (rows_per_second > 0),
    bytes_per_second       bigint check (bytes_per_second > 0),
    max_standby_lag_millis bigint check (max_standby_lag_millis > 0),
    max_active_sessions    int check (max_active_sessions > 0),
    changed_at             timestamptz not null default clock_timestamp()
);

-- Indexes and constraints that a copy dropped to build them after the rows. Without a reference to ficus.stream: they outlive it.
create table ficus.postponed_definition (
    table_schema text not null,
    table_name   text not null,
    name         text not null,
    stream       text not null,
    kind         text not null check (kind in ('INDEX', 'CONSTRAINT', 'FOREIGN_KEY')),
    build        text,
    attach       text,
    noted_at     timestamptz not null default clock_timestamp(),
    primary key (table_schema, table_name, name)
);
comment on column ficus.postponed_definition.build is 'the statement that builds the index';
comment on column ficus.postponed_definition.attach is 'the statements that make a constraint of it, and its comment';
