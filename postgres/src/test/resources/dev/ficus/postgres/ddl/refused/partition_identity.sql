-- tables: public.a
-- expect: table public.p is not sent as public.a is
create table public.a (id int primary key) partition by range (id); create table public.p partition of public.a for values from (0) to (9);
alter table public.p replica identity full;
