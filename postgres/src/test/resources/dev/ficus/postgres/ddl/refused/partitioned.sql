-- tables: public.a
-- expect: table public.a is partitioned
create table public.a (id int primary key) partition by range (id);
