-- tables: public.a
-- expect: table public.p is unlogged
create table public.a (id int primary key) partition by range (id); create unlogged table public.p partition of public.a for values from (0) to (9);
