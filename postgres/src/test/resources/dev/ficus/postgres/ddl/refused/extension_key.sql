-- tables: public.a
-- expect: column id of table public.a has type public.citext and tells rows apart: its equality belongs to an extension
create extension citext schema public; create table public.a (id public.citext primary key);
