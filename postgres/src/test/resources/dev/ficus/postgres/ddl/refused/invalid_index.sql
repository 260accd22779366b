-- tables: public.a
-- expect: has the invalid index public.i
create table public.a (id int primary key); create index i on public.a (id); update pg_index set indisvalid = false where indexrelid = 'public.i'::regclass;
