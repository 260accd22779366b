-- tables: public.a
-- expect: its constraint d_check is not immutable
create domain public.d as date check (value > current_date); create table public.a (id int primary key, d public.d);
