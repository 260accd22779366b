-- tables: public.a
-- expect: its constraint c is not validated
create domain public.d as int; create table public.a (id int primary key, d public.d); alter domain public.d add constraint c check (value > 0) not valid;
