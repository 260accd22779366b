-- tables: public.a, public.b
-- expect: table public.a has no primary key
-- expect: table public.b is unlogged
create table public.a (id int);
create unlogged table public.b (id int primary key);
