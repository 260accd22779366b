-- tables: public.a
-- expect: type public.pair is neither built in
create type public.pair as (x int, y int); create table public.a (id int primary key, p public.pair);
