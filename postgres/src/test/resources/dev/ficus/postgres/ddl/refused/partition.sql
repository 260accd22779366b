-- tables: public.p
-- expect: table public.p is a partition of public.a
-- expect: name public.a instead: its partitions come with it
create table public.a (id int primary key) partition by range (id); create table public.p partition of public.a for values from (0) to (9);
