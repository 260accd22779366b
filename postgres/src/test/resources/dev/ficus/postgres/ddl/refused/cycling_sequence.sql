-- tables: public.a
-- expect: sequence public.a_id_seq cycles
create table public.a (id int generated always as identity (cycle) primary key);
