-- tables: public.a
-- expect: table public.p has sequence public.s of its own, beside those of public.a
create sequence public.s;
create table public.a (id int primary key, n int) partition by range (id); create table public.p partition of public.a for values from (0) to (9);
alter table public.p alter n set default nextval('public.s');
