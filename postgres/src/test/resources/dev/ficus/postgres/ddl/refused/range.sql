-- tables: public.a
-- expect: has type public.r, which cannot be carried exactly: its bounds are ordered by a collation
create type public.r as range (subtype = text); create table public.a (id int primary key, p public.r);
