-- tables: public.a
-- expect: table old.p lies in another schema than public.a, whose partition it is
create schema old;
create table public.a (id int primary key) partition by range (id); create table old.p partition of public.a for values from (0) to (9);
