-- FAULT ON PURPOSE (./ficus demo --break drop-change): one streamed row in twenty vanishes.
create function public.fault_drop_change() returns trigger
language plpgsql
as $$
begin
    if current_setting('session_replication_role') = 'replica' and random() < 0.05 then
        return null;
    end if;
    return new;
end
$$;
do $$
declare
    t regclass;
begin
    for t in
        select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'public' and c.relkind = 'r'
          and c.relname in ('users', 'profiles', 'products', 'reservations', 'orders', 'order_items', 'payments')
          -- The service owns what is fenced; reference copies are not.
          and exists (select from pg_trigger g where g.tgrelid = c.oid and g.tgname = 'ficus_fence')
    loop
        execute format('create trigger a_fault before insert or update on %s for each row execute function public.fault_drop_change()', t);
        execute format('alter table %s enable always trigger a_fault', t);
    end loop;
end
$$;
