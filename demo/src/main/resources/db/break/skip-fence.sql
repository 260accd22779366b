-- FAULT ON PURPOSE (./ficus demo --break skip-fence): the fence lets everything pass.
create or replace function ficus.check_fence() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    return null;
end
$$;
