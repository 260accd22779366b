-- tables: public.a
-- expect: table public.a is unlogged
create unlogged table public.a (id int primary key);
