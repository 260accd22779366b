-- tables: public.a
-- expect: uses operator public.===
create operator public.=== (leftarg = int, rightarg = int, function = pg_catalog.int4eq); create table public.a (id int primary key, check (id operator(public.===) id));
