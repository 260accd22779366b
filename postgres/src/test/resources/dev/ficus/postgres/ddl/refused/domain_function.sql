-- tables: public.a
-- expect: uses function public.ok(integer)
create function public.ok(int) returns boolean language sql immutable as 'select true'; create domain public.d as int check (public.ok(value)); create table public.a (id public.d primary key);
