-- tables: public.a
-- expect: table public.a has a deferrable primary key
create table public.a (id int primary key deferrable);
