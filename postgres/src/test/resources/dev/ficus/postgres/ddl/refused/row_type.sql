-- tables: public.a
-- expect: type public.b is a base type or the row type of a table
-- expect: it is the row type of a table
create table public.b (id int primary key); create table public.a (id int primary key, b public.b);
