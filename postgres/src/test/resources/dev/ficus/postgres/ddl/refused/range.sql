-- tables: public.a
-- expect: type public.r is neither built in
create type public.r as range (subtype = text); create table public.a (id int primary key, p public.r);
