-- FAULT ON PURPOSE (./ficus demo --break lose-update): no fence, no guard, no position, and a delay.
create or replace function ficus.dual_write(
    p_group text, p_epoch bigint, p_schema text, p_table text, p_lsn pg_lsn, p_keys text[], p_images text[])
returns int
language plpgsql security definer
set search_path = pg_catalog, pg_temp set session_replication_role = replica set timezone = 'UTC'
as $$
declare
    v_table   text := format('%I.%I', p_schema, p_table);
    v_columns text;
    v_images  text;
    v_updates text;
    v_key     text;
    i         int;
begin
    perform pg_sleep(random() * 0.3);
    select string_agg(quote_ident(a.attname), ', ' order by a.attnum),
           string_agg(format('(r.image).%I', a.attname), ', ' order by a.attnum),
           string_agg(format('%1$I = excluded.%1$I', a.attname), ', ' order by a.attnum)
               filter (where not a.attnum = any (x.indkey::int2[])),
           string_agg(quote_ident(a.attname), ', ' order by array_position(x.indkey::int2[], a.attnum))
               filter (where a.attnum = any (x.indkey::int2[]))
    into v_columns, v_images, v_updates, v_key
    from pg_attribute a
    join pg_index x on x.indrelid = a.attrelid and x.indisprimary
    where a.attrelid = v_table::regclass and a.attnum > 0 and not a.attisdropped;
    for i in 1 .. coalesce(array_length(p_keys, 1), 0) loop
        continue when p_images[i] is null;
        execute format('insert into %s as t (%s) overriding system value select %s from (select $1::%s as image) r on conflict (%s) do update set %s',
                       v_table, v_columns, v_images, v_table, v_key, v_updates)
        using p_images[i];
    end loop;
    return coalesce(array_length(p_keys, 1), 0);
end
$$;
