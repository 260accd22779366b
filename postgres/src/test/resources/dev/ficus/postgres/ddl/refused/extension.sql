-- tables: public.a
-- expect: type public.cube belongs to extension cube
-- expect: column c of table public.a has type public.cube, which cannot be carried exactly
create extension cube schema public; create table public.a (id int primary key, c public.cube);
