-- tables: public.p
-- expect: table public.p is partitioned
create table public.a (id int primary key) partition by range (id); create table public.p partition of public.a for values from (0) to (9);
