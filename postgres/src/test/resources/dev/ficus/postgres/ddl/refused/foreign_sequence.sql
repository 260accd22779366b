-- tables: public.a
-- expect: sequence public.b_id_seq is owned by a table outside
create table public.b (id serial primary key); create table public.a (id int primary key default nextval('public.b_id_seq'));
