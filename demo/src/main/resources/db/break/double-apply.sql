-- FAULT ON PURPOSE (./ficus demo --break double-apply): each streamed stock change counts twice.
create function public.fault_double_apply() returns trigger
language plpgsql
as $$
begin
    if current_setting('session_replication_role') = 'replica' and new.stock <> old.stock then
        new.stock := greatest(0, new.stock + (new.stock - old.stock));
    end if;
    return new;
end
$$;
create trigger a_fault before update on public.products for each row execute function public.fault_double_apply();
alter table public.products enable always trigger a_fault;
