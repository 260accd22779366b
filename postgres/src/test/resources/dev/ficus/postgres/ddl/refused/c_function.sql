-- tables: public.a
-- expect: is written in internal
create function public.f(int) returns int language internal immutable strict as 'int4abs'; create table public.a (id int primary key check (public.f(id) > 0));
