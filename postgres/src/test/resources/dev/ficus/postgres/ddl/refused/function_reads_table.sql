-- tables: public.a
-- expect: uses table public.b
create table public.b (id int primary key); create function public.n() returns bigint stable return (select count(*) from public.b); create table public.a (id bigint primary key default public.n());
