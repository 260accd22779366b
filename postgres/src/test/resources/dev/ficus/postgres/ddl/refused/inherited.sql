-- tables: public.b
-- expect: table public.b inherits
create table public.a (id int primary key); create table public.b (primary key (id)) inherits (public.a);
