-- tables: public.a
-- expect: sequence public.a_id_seq also feeds table public.b
create table public.a (id serial primary key); create table public.b (id int primary key default nextval('public.a_id_seq'));
